/** `new`: adds a plugin to a project. */
import { relative } from "node:path";
import { type Command, Option } from "commander";
import { createLogger } from "../log/logger.ts";
import type { Phase } from "../plugin/plugin.ts";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";

interface NewFlags {
  readonly phase: Phase;
  readonly class?: true;
}

export function registerNew(program: Command, { bundled, carried }: CliContext): void {
  program
    .command("new")
    .description("add a plugin and its test to the project in this folder")
    .argument("<name>", "what routes call it, such as add-user")
    .addOption(
      new Option("--phase <phase>", "the phase it runs in")
        .choices(["request", "response"])
        .default("request"),
    )
    .option("--class", "write it in the class style")
    .action(async (given: string, { phase, class: asClass }: NewFlags) => {
      const { newPlugin } = await import("../toolchain/new-plugin.ts");
      const { ProjectError } = await import("../toolchain/project.ts");
      try {
        const { name, file, testFile } = await newPlugin({
          project: ".",
          name: given,
          phase,
          asClass: asClass === true,
          bundled: bundled.map(([name]) => name),
          carried,
          log: createLogger({ level: "error", format: "text" }),
        });
        for (const path of [file, testFile]) console.log(`wrote ${relative(process.cwd(), path)}`);
        console.log(`\nA route calls it so:\n\n${route(name, phase)}`);
      } catch (error) {
        if (error instanceof ProjectError) fail(error.message);
        throw error;
      }
    });
}

/** An entry for the routes of an apisix.yaml. */
function route(name: string, phase: Phase): string {
  const extPlugin = phase === "request" ? "ext-plugin-pre-req" : "ext-plugin-post-resp";
  return `  - id: ${name}
    uri: /${name}
    plugins:
      ${extPlugin}:
        conf:
          - name: ${name}
            value: "{}"
    upstream_id: backend`;
}
