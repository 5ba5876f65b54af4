/** `build`: makes the next executable, with a project's plugins inside. */
import { statSync } from "node:fs";
import { relative } from "node:path";
import type { Command } from "commander";
import { createLogger } from "../log/logger.ts";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";

interface BuildFlags {
  readonly outfile: string;
  readonly bundled: boolean;
  readonly target?: string;
  readonly runtime?: string;
}

const ABOUT = `
The new executable has all commands of this one, build included. Nothing else is needed on the
machine, but for --target, which takes the Bun of that platform: from the npm registry, or from the
file that --runtime names.`;

export function registerBuild(program: Command, { carried }: CliContext): void {
  program
    .command("build")
    .description("make an executable with your plugins inside")
    .argument("[dir]", "the project, or a folder of plugins", ".")
    .requiredOption("-o, --outfile <file>", "where the new executable goes")
    .option("--no-bundled", "leave out the plugins of this executable")
    .option("--target <platform>", "make it for another platform, such as linux-arm64")
    .option("--runtime <file>", "an apisix-bun-runner, or a Bun, of that platform")
    .addHelpText("after", ABOUT)
    .action(async (project: string, { outfile, bundled, target, runtime }: BuildFlags) => {
      const started = performance.now();
      const { buildProject, ProjectError } = await import("../toolchain/build.ts");
      const log = createLogger({ level: "warn", format: "text" });
      try {
        const result = await buildProject({
          project,
          outfile,
          bundled,
          target,
          runtime,
          carried,
          log,
        });
        const megabytes = (statSync(result.outfile).size / 1e6).toFixed(0);
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        const also = result.bundled.length > 0 ? `; bundled: ${result.bundled.join(", ")}` : "";
        console.log(
          `built ${relative(process.cwd(), result.outfile)} (${megabytes} MB) in ${seconds} s\n` +
            `plugins: ${result.own.join(", ")}${also}`,
        );
        if (!result.tried) {
          console.log(`It is for ${target}: whether its plugins load was not tried here.`);
        }
      } catch (error) {
        if (error instanceof ProjectError) fail(error.message);
        throw error;
      }
    });
}
