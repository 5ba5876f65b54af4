/** `dev`: a gateway to try plugins over HTTP, with no APISIX installed. */
import { type Command, InvalidArgumentError } from "commander";
import { DEV_RUNNER } from "./dev/runner-command.ts";
import type { DevOptions } from "./dev/run.ts";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";
import { type SettingOptions, sourcesOf, withSettings } from "./settings.ts";
import { start } from "./start.ts";

const ABOUT = `
It speaks to the runner as APISIX does, over the real socket, and reads routes in APISIX's own
format; what happens here happens there. It is for development: not hardened, not tuned.`;

export function registerDev(program: Command, context: CliContext): void {
  const dev = program
    .command("dev")
    .description("try plugins over HTTP: a gateway, an upstream and a runner, on this machine")
    .option(
      "-r, --routes <file>",
      "routes as in APISIX's apisix.yaml; read again when it changes; default: the one here, with ./plugins",
    )
    .option(
      "-u, --upstream <url>",
      "where the ready routes lead, and ${{UPSTREAM}} in --routes (default: one that echoes)",
    )
    .option("--port <port>", "where the gateway listens; 0: any free one", port, 9080)
    .option("--host <address>", "on which address", "127.0.0.1")
    .option("--socket <path>", "use the runner that listens here instead of starting one")
    .option(
      "--env <name>",
      "give the runner this variable too, as nginx_config.envs does; NAME or NAME=value; may be repeated",
      (name: string, before: string[] = []) => [...before, name],
    )
    .option(
      "--inspect-port <port>",
      "where the inspector listens, on 127.0.0.1 (default: 9081, or any free one)",
      port,
    )
    .option("--no-inspector", "without the page that shows what each plugin did to each request")
    .option("--record <file>", "write each request into this file, for apisix-bun-runner replay")
    .option("--record-secrets", "with the values of Authorization and of cookies")
    .option("-v, --verbose", "show the differences that plugins make")
    .option("--once", "send the printed requests itself, then end")
    .addHelpText("after", ABOUT);
  withSettings(dev, ["socket.file", "logging.format", "plugins.watch"]).action(
    async (options: DevOptions, self: Command) => {
      const { DevStartError, DevUsageError, runDev } = await import("./dev/run.ts");
      try {
        await runDev(options, context);
      } catch (error) {
        if (error instanceof DevStartError) fail(error.message);
        if (error instanceof DevUsageError) self.error(`error: ${error.message}`);
        throw error;
      }
    },
  );
}

/** The runner that `dev` starts: one that tells what its plugins do. Production starts none. */
export function registerDevRunner(program: Command, { bundled }: CliContext): void {
  const runner = program
    .command(DEV_RUNNER, { hidden: true })
    .requiredOption("--traces <socket>", "where to send what plugins do");
  withSettings(runner).action(async ({ traces, ...options }: DevRunnerOptions) => {
    const { recordHooks } = await import("../inspector/runner/record-hooks.ts");
    start({ bundled, ...sourcesOf(options), onRecord: recordHooks(traces) });
  });
}

interface DevRunnerOptions extends SettingOptions {
  readonly traces: string;
}

function port(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new InvalidArgumentError("a port is a whole number from 0 to 65535.");
}
