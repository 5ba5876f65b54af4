/** `test`: runs the project's tests. */
import type { Command } from "commander";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";
import { VERSION } from "./version.ts";

const ABOUT = `
All flags of bun test are passed on, such as:
  --watch                  run again when a file changes
  --coverage               say which lines the tests reach
  -t, --test-name-pattern  run only tests whose name matches
  --timeout, --bail, --only-failures, --parallel, --reporter, --update-snapshots`;

export function registerTest(program: Command, { carried }: CliContext): void {
  program
    .command("test")
    .description("run the project's tests, with the test runner inside this executable")
    .argument("[files...]", "only files whose path has one of these in it, and flags of bun test")
    .usage("[files...] [flags of bun test]")
    .allowUnknownOption()
    .addHelpText("after", ABOUT)
    .action(async (args: string[]) => {
      const { ensureSdk } = await import("../toolchain/ensure-sdk.ts");
      const { ProjectError } = await import("../toolchain/project.ts");
      const { becomeTestRunner, refuseWithoutTests } = await import("../toolchain/test-run.ts");
      const say = (line: string) => console.error(`apisix-bun-runner: ${line}`);
      try {
        refuseWithoutTests(process.cwd(), args);
        await ensureSdk(process.cwd(), { carried, version: VERSION, say });
        becomeTestRunner(args);
      } catch (error) {
        if (error instanceof ProjectError) fail(error.message);
        throw error;
      }
    });
}
