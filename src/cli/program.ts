/** The command line of every command but a plain start. */
import { Command, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import type { BundledPlugin } from "../plugin/registry.ts";
import { ExitCode } from "./exit.ts";
import { start, type StartOptions } from "./start.ts";

/** Runs one command; ends the process with its exit code unless the command goes on serving. */
export async function runProgram(
  bundled: readonly BundledPlugin[],
  args: readonly string[],
): Promise<void> {
  const program = createProgram(bundled);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed what there is to say.
    process.exit(error.exitCode === 0 ? ExitCode.ok : ExitCode.usage);
  }
}

/** The settings that every command which runs plugins takes. */
export interface SettingOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly plugins?: string[];
  readonly timeout?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly logFile?: string;
}

function createProgram(bundled: readonly BundledPlugin[]): Command {
  const program = new Command("apisix-bun-runner")
    .description("A plugin runner for Apache APISIX: gateway plugins in TypeScript.")
    .version(packageJson.version, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError();
  withSettings(program.command("start", { isDefault: true }).alias("run"))
    .option("--socket <path>", "listen here instead of at APISIX_LISTEN_ADDRESS")
    .description("serve APISIX on its socket (the default)")
    .action((options: SettingOptions) => start({ bundled, ...sourcesOf(options) }));
  return program;
}

function withSettings(command: Command): Command {
  return command
    .option("-c, --config <file>", "read the settings from this file")
    .addOption(
      new Option(
        "-p, --plugins <dir>",
        "load the plugins of this folder too; may be repeated",
      ).argParser((dir: string, dirs: string[] = []) => [...dirs, dir]),
    )
    .option("--timeout <duration>", "how long a plugin may take, such as 10s")
    .option("--log-level <level>", "debug, info, warn or error")
    .option("--log-format <format>", "text or json")
    .option("--log-file <file>", "append the log to this file instead of stderr");
}

/** The options as settings, by their dotted path. */
function sourcesOf(options: SettingOptions): Omit<StartOptions, "bundled"> {
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
