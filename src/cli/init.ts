/** `init`: begins a plugin project. */
import { join, relative } from "node:path";
import type { Command } from "commander";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";

const ABOUT = `
Writes plugins in both styles with their tests, routes for dev, and into node_modules the SDK that
this executable carries. Files that are there stay as they are.`;

export function registerInit(program: Command, { carried }: CliContext): void {
  program
    .command("init")
    .description("begin a plugin project")
    .argument("<dir>", "its folder, which is made where there is none")
    .addHelpText("after", ABOUT)
    .action(async (folder: string) => {
      const { init } = await import("../toolchain/init.ts");
      const { sync } = await import("../toolchain/sync.ts");
      const { described } = await import("../toolchain/ensure-sdk.ts");
      const { ProjectError } = await import("../toolchain/project.ts");
      try {
        const { dir, written, kept } = await init(folder, carried);
        const shown = relative(process.cwd(), dir) || ".";
        for (const path of written) console.log(`wrote ${join(shown, path)}`);
        for (const path of kept) console.log(`kept ${join(shown, path)}`);
        for (const line of described(dir, await sync(dir, carried))) console.log(line);
        console.log(next(shown));
      } catch (error) {
        if (error instanceof ProjectError) fail(error.message);
        throw error;
      }
    });
}

function next(dir: string): string {
  const lines = [
    "apisix-bun-runner check   # types, samples, routes",
    "apisix-bun-runner test",
    "apisix-bun-runner dev     # over HTTP, with no APISIX installed",
  ];
  const first = dir === "." ? [] : [`cd ${dir}`];
  return `\nNext:\n${[...first, ...lines].map((line) => `  ${line}`).join("\n")}`;
}
