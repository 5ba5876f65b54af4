/** Brings the runner's settings together. */
import { readConfExpireTime } from "./conf-expire-time.ts";
import { findFile, readSettingsFile } from "./file.ts";
import { Problems } from "./problems.ts";
import type { Config } from "./settings.ts";
import { readSettings, type Sources } from "./sources.ts";
import { reportUnknownKeys, warningsAbout } from "./unknown-keys.ts";

export { ConfigError } from "./problems.ts";
export type { Config, SettingPath } from "./settings.ts";
export type { Flags } from "./sources.ts";

export interface ConfigSources extends Sources {
  /** The file that `--config` names. */
  readonly configFile?: string | undefined;
  /** The path of the runner's own executable: a `config.yaml` beside it is read where no other file is named. */
  readonly executable: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The absolute path of the file that was read. */
  readonly file?: string;
  /** What is probably a mistake and does no harm, one line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the settings: flags over environment over file over defaults.
 *
 * @throws {ConfigError} with all that is wrong, one line each.
 *
 * @example
 * const { config } = loadConfig({
 *   flags: { "logging.level": "debug", "plugins.dirs": ["plugins"] },
 *   env: process.env,
 *   cwd: process.cwd(),
 *   executable: process.execPath,
 * });
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const problems = new Problems();
  const file = readSettingsFile(findFile(sources), problems);
  if (file !== undefined) reportUnknownKeys(file, problems);
  const config: Config = {
    ...readSettings(sources, file, problems),
    confExpireTime: readConfExpireTime(sources.env, problems),
  };
  problems.throwIfAny();
  const warnings = warningsAbout(sources.env);
  return file === undefined ? { config, warnings } : { config, file: file.path, warnings };
}

/** What to say, in one line, when `config.socket.file` is undefined. */
export function missingListenAddress(): string {
  return (
    "no address to listen on: APISIX sets APISIX_LISTEN_ADDRESS when it starts the runner through ext-plugin.cmd; " +
    "to start it by hand, give --socket /tmp/runner.sock or set socket.file in the runner's config.yaml, " +
    "and name the same path in ext-plugin.path_for_test of APISIX's config.yaml"
  );
}
