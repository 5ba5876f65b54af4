/** `replay`: the calls of a recording once more, and what comes of them now. */
import type { Command } from "commander";
import { fail } from "./exit.ts";
import type { ReplayOptions } from "./replay/run.ts";
import { withSettings } from "./settings.ts";

const ABOUT = `
FILE is what dev --record wrote. Each call to the runner is made again, with its conf, and what plugins ask for is
answered as it was then; no gateway and no upstream takes part. It ends with 1 where anything is other than it was.

Examples:
  apisix-bun-runner dev --record traffic.jsonl
  apisix-bun-runner replay traffic.jsonl --plugins ./plugins`;

export function registerReplay(program: Command): void {
  const replay = program
    .command("replay")
    .description("run recorded requests through the plugins again, and show what differs")
    .argument("<file>", "a recording of dev --record")
    .option("--all", "name the calls that came out as before too")
    .addHelpText("after", ABOUT);
  withSettings(replay, ["socket.file", "plugins.watch"]).action(
    async (file: string, options: ReplayOptions) => {
      const { ReplayError, runReplay } = await import("./replay/run.ts");
      try {
        await runReplay(file, options);
      } catch (error) {
        if (error instanceof ReplayError) fail(error.message);
        throw error;
      }
    },
  );
}
