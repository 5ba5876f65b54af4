/** `doctor`: looks for what keeps APISIX and the runner from working together. */
import type { Command } from "commander";
import { ExitCode } from "./exit-code.ts";
import type { CliContext } from "./program.ts";
import { settingArgs, type SettingOptions, sourcesOf, withSettings } from "./settings.ts";

interface DoctorOptions extends SettingOptions {
  readonly json?: true;
  readonly apisixConfig?: string;
  readonly workerUser?: string;
}

/** The command that `doctor` starts to load the plugins. */
const LOAD = "doctor-load-plugins";

const ABOUT = `
Best run as the user that the runner runs as, with the settings that it has, on the machine or in
the container of APISIX. A line a check: ok, warning or problem, what is so, and what to do. Plugins
are loaded to see whether they load; nothing is written. Ends with 1 where there is a problem.

With --json: { ok, findings: [{ state, check, what, advice }] }.`;

export function registerDoctor(program: Command, { bundled }: CliContext): void {
  withSettings(program.command("doctor"))
    .description("find what keeps APISIX and the runner from working together, and what to do")
    .option("--apisix-config <path>", "look at this config.yaml of APISIX too")
    .option(
      "--worker-user <user>",
      "the user of nginx's workers, by name or number (default: that of those that run, or of APISIX's config)",
    )
    .option("--json", "print JSON")
    .addHelpText("after", ABOUT)
    .action(async ({ json, apisixConfig, workerUser, ...settings }: DoctorOptions) => {
      const { examine } = await import("./doctor/examine.ts");
      const { asText } = await import("./doctor/report.ts");
      const { ownCommand } = await import("./call/runner.ts");
      const findings = await examine({
        ...sourcesOf(settings),
        loadCommand: [...ownCommand(), LOAD, ...settingArgs(settings)],
        apisixConfig,
        workerUser,
      });
      const ok = findings.every(({ state }) => state !== "problem");
      console.log(json ? JSON.stringify({ ok, findings }, null, 2) : asText(findings));
      if (!ok) process.exitCode = ExitCode.failure;
    });
  withSettings(program.command(LOAD, { hidden: true })).action(async (options: SettingOptions) => {
    const { loadPlugins } = await import("./doctor/load-plugins.ts");
    await loadPlugins({ bundled, ...sourcesOf(options) }, (report) => process.send?.(report));
  });
}
