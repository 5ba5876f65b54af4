/** `healthcheck`: asks a running runner for a sign of life, as container probes want it. */
import type { Command } from "commander";
import { duration, Refused } from "../config/parse.ts";
import { show } from "../config/problems.ts";
import { ExitCode } from "./exit-code.ts";
import { fail } from "./exit.ts";
import { type SettingOptions, sourcesOf, withSettings } from "./settings.ts";

interface HealthcheckOptions extends SettingOptions {
  readonly timeout: string;
}

const ABOUT = `
Sends one PrepareConf, as APISIX does, and waits for the reply. Ends with 0 where it comes, with 1 where
not, with 2 for a wrong command line or configuration. The socket is found as start finds it; with
--socket no config file is read.`;

export function registerHealthcheck(program: Command): void {
  withSettings(program.command("healthcheck"), ["plugins.timeout"])
    .description("ask the running runner for a sign of life; for probes of containers")
    .option("--timeout <duration>", "how long connecting and the reply may take together", "2s")
    .addHelpText("after", ABOUT)
    .action(async ({ timeout, ...settings }: HealthcheckOptions) => {
      // Not the setting of that name, which is about plugins.
      const limit = milliseconds(timeout);
      const { ConfigError } = await import("../config/config.ts");
      const { probe, socketToProbe } = await import("./healthcheck/probe.ts");
      try {
        const socket = socketToProbe(sourcesOf(settings));
        const ms = await probe(socket, limit);
        console.log(`ok: the runner at ${socket} answered in ${ms.toFixed(1)} ms`);
      } catch (error) {
        if (error instanceof ConfigError) fail(error.message, ExitCode.usage);
        fail(error instanceof Error ? error.message : String(error));
      }
      process.exit(ExitCode.ok);
    });
}

function milliseconds(text: string): number {
  const kind = duration({ max: "60s", why: "a probe should end" });
  const ms = kind.parse(text, { base: process.cwd() });
  if (ms instanceof Refused) {
    fail(`--timeout is ${show(text)}; allowed: ${kind.allowed}`, ExitCode.usage);
  }
  return ms;
}
