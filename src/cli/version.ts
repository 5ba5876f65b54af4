/** `version`: of the runner, and of the Bun inside it. */
import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };

export const VERSION: string = packageJson.version;

export function registerVersion(program: Command): void {
  program
    .command("version")
    .description("print the versions of the runner and of the Bun inside it")
    .option("--json", "print JSON")
    .action(({ json }: { readonly json?: true }) => {
      const { platform, arch } = process;
      console.log(
        json
          ? JSON.stringify({ version: VERSION, bun: Bun.version, platform, arch })
          : `apisix-bun-runner ${VERSION} (Bun ${Bun.version}, ${platform}-${arch})`,
      );
    });
}
