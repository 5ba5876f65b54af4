/** The runner's own settings. */
import { type Config, ConfigError } from "../../config/config.ts";
import type { SettingSources } from "../settings.ts";
import { readConfig } from "../start/config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("settings");

/** @returns no config where a runner would not start with these settings */
export function readSettings(sources: SettingSources): {
  readonly config?: Config;
  readonly findings: readonly Finding[];
} {
  try {
    const { config, file, warnings } = readConfig(sources);
    const all = warnings.map((line) => warning(line, "correct its name, or remove it"));
    const read = file === undefined ? "no config file; flags, variables and defaults" : file;
    return { config, findings: all.length > 0 ? all : [ok(read)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = "the runner does not start before that is corrected";
    return { findings: error.problems.map((line) => problem(line, advice)) };
  }
}
