/** `sync`: writes the SDK of this executable into a project. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";

const ABOUT = `
The package apisix-bun-runner is written anew, and so are the type packages that sync wrote before.
Type packages that the project installed itself, and links, stay as they are.`;

export function registerSync(program: Command, { carried }: CliContext): void {
  program
    .command("sync")
    .description("write this version's SDK, types and test kit into node_modules")
    .argument("[dir]", "the project", ".")
    .addHelpText("after", ABOUT)
    .action(async (project: string) => {
      const { sync } = await import("../toolchain/sync.ts");
      const { described } = await import("../toolchain/ensure-sdk.ts");
      const { pluginFolder, ProjectError } = await import("../toolchain/project.ts");
      try {
        // Says so where there is no such folder.
        pluginFolder(project);
        const dir = resolve(project);
        for (const line of described(dir, await sync(dir, carried))) console.log(line);
      } catch (error) {
        if (error instanceof ProjectError) fail(error.message);
        throw error;
      }
    });
}
