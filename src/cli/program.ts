/** The command line of every command but a plain start. */
import { Command, CommanderError } from "commander";
import type { BundledPlugin } from "../plugin/bundled.ts";
import { registerBuild } from "./build.ts";
import { registerCall } from "./call.ts";
import { registerCheck } from "./check.ts";
import { registerCompletions } from "./completions.ts";
import { registerDev, registerDevRunner } from "./dev.ts";
import { registerDoctor } from "./doctor.ts";
import { registerEncodeConfig } from "./encode-config.ts";
import { ExitCode } from "./exit-code.ts";
import { registerHealthcheck } from "./healthcheck.ts";
import { registerInit } from "./init.ts";
import { registerMan } from "./man.ts";
import { registerNew } from "./new.ts";
import { registerPlugins } from "./plugins.ts";
import { type SettingOptions, sourcesOf, withSettings } from "./settings.ts";
import { start } from "./start.ts";
import { registerReplay } from "./replay.ts";
import { registerSync } from "./sync.ts";
import { registerTest } from "./test.ts";
import { registerTop } from "./top.ts";
import { registerVersion, VERSION } from "./version.ts";

/** What is inside the executable. */
export interface CliContext {
  readonly bundled: readonly BundledPlugin[];
  /** The path of the archive that the toolchain needs (src/toolchain/carried.ts). */
  readonly carried: string;
}

/** Runs one command; ends the process with its exit code unless the command goes on serving. */
export async function runProgram(context: CliContext, args: readonly string[]): Promise<void> {
  const program = createProgram(context);
  try {
    await program.parseAsync(withDefaultCommand(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed what there is to say.
    process.exit(error.exitCode === 0 ? ExitCode.ok : ExitCode.usage);
  }
}

/** The parser of all command lines. */
export function createProgram(context: CliContext): Command {
  const program = new Command("apisix-bun-runner")
    .description("A plugin runner for Apache APISIX: gateway plugins in TypeScript.")
    .version(VERSION, "-V, --version", "print the version")
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "apisix-bun-runner: ")),
    })
    .showSuggestionAfterError()
    .showHelpAfterError("(--help tells more)")
    .addHelpText("after", "\nWithout a command it starts, as APISIX calls it.");
  // Commands take these over from the program when they are made, so this comes first.
  program.exitOverride();
  registerStart(program, context);
  registerInit(program, context);
  registerNew(program, context);
  registerCheck(program, context);
  registerTest(program, context);
  registerBuild(program, context);
  registerCall(program, context);
  registerCompletions(program, context);
  registerDev(program, context);
  registerDevRunner(program, context);
  registerDoctor(program, context);
  registerEncodeConfig(program, context);
  registerHealthcheck(program);
  registerMan(program);
  registerPlugins(program, context);
  registerReplay(program);
  registerSync(program, context);
  registerTop(program);
  registerVersion(program);
  return program;
}

function registerStart(program: Command, { bundled }: CliContext): void {
  withSettings(program.command("start").alias("run"))
    .description("serve APISIX on its socket (the default)")
    .action((options: SettingOptions) => start({ bundled, ...sourcesOf(options) }));
}

/** `apisix-bun-runner --config FILE` is a start too. */
export function withDefaultCommand(args: readonly string[]): readonly string[] {
  const [first] = args;
  const isStart =
    first?.startsWith("-") === true && !["-h", "--help", "-V", "--version"].includes(first);
  return isStart ? ["start", ...args] : args;
}
