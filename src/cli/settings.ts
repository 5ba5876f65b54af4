/** The options that stand for settings, for every command that runs plugins. */
import { type Command, Option } from "commander";
import type { Flags } from "../config/sources.ts";

export interface SettingOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly plugins?: string[];
  readonly timeout?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly logFile?: string;
}

/** Settings as the command line gives them. */
export interface SettingSources {
  /** By their dotted path. */
  readonly flags: Flags;
  readonly configFile?: string | undefined;
}

export function withSettings(command: Command): Command {
  return command
    .option("-c, --config <file>", "read the settings from this file")
    .addOption(
      new Option(
        "-p, --plugins <dir>",
        "load the plugins of this folder; may be repeated",
      ).argParser((dir: string, dirs: string[] = []) => [...dirs, dir]),
    )
    .option("--timeout <duration>", "how long a plugin may take, such as 10s")
    .option("--log-level <level>", "debug, info, warn or error")
    .option("--log-format <format>", "text or json")
    .option("--log-file <file>", "append the log to this file instead of stderr");
}

export function sourcesOf(options: SettingOptions): SettingSources {
  const flags = {
    "socket.file": options.socket,
    "plugins.dirs": options.plugins,
    "plugins.timeout": options.timeout,
    "logging.level": options.logLevel,
    "logging.format": options.logFormat,
    "logging.file": options.logFile,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return { flags: Object.fromEntries(given), configFile: options.config };
}
