/** Reads the settings from where a command was told to, at start and again on SIGHUP. */
import { loadConfig, type LoadedConfig } from "../../config/config.ts";
import type { SettingSources } from "../settings.ts";
import { refuseWorldWritable } from "./world-writable.ts";

/** @throws {ConfigError} with all that is wrong, one line each */
export function readConfig(sources: SettingSources): LoadedConfig {
  const loaded = loadConfig({
    ...sources,
    env: process.env,
    cwd: process.cwd(),
    executable: process.execPath,
  });
  refuseWorldWritable(loaded, sources);
  return loaded;
}
