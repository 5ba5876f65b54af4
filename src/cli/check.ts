/** `check`: finds what is wrong with a project. */
import { relative, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { duration, Refused } from "../config/parse.ts";
import * as sdk from "../index.ts";
import { createLogger } from "../log/logger.ts";
import { provideSdk } from "../plugin/sdk-module.ts";
import type { Subject } from "../toolchain/check/examine.ts";
import type { CheckProblem } from "../toolchain/check/problem.ts";
import type { CheckResult } from "../toolchain/check.ts";
import { ExitCode } from "./exit-code.ts";
import { fail } from "./exit.ts";
import type { CliContext } from "./program.ts";
import { VERSION } from "./version.ts";

interface CheckFlags {
  readonly json?: true;
  readonly routes?: string;
  readonly timeout: number;
}

/** The command that `check` starts for each plugin. */
const EXAMINE = "check-one-plugin";

const ABOUT = `
Types, plugins that do not load or have one name, samples that fail, and routes (apisix.yaml) whose
confs their plugins refuse: all that is found, in one run. Ends with 1 where there is an error.

A line a problem: FILE:LINE:COLUMN: MESSAGE (CODE), the file as seen from the working directory.
With --json: { ok, problems: [{ file, line, column, severity, code, message }], plugins, samples,
confs }; severity is error or warning, code the compiler's (TS2322) or a word such as
invalid-conf.`;

export function registerCheck(program: Command, context: CliContext): void {
  program
    .command("check")
    .description("find what is wrong with a project: types, plugins, samples, routes")
    .argument("[dir]", "the project, or a folder of plugins", ".")
    .option("--json", "print JSON, for editors and CI")
    .option("-r, --routes <file>", "the routes file (default: the project's apisix.yaml)")
    .addOption(
      new Option("--timeout <duration>", "how long a plugin may take to load")
        .argParser(milliseconds)
        .default(10_000, "10s"),
    )
    .addHelpText("after", ABOUT)
    .action(async (project: string, flags: CheckFlags) => {
      const result = await checked(project, flags, context);
      console.log(flags.json ? asJson(result) : asText(result));
      if (hasErrors(result)) process.exitCode = ExitCode.failure;
    });
  program.command(EXAMINE, { hidden: true }).action(() => examineOne(context));
}

async function checked(
  project: string,
  { routes, timeout }: CheckFlags,
  { bundled, carried }: CliContext,
): Promise<CheckResult> {
  const { check } = await import("../toolchain/check.ts");
  const { ensureSdk } = await import("../toolchain/ensure-sdk.ts");
  const { pluginFolder, ProjectError } = await import("../toolchain/project.ts");
  const { ownCommand } = await import("./call/runner.ts");
  try {
    // Before anything is written into a folder, it has to be one.
    pluginFolder(project);
    const say = (line: string) => console.error(`apisix-bun-runner: ${line}`);
    await ensureSdk(resolve(project), { carried, version: VERSION, say });
    return await check({
      project,
      routes,
      timeout,
      bundled: bundled.map(([name]) => name),
      command: [...ownCommand(), EXAMINE],
      log: createLogger({ level: "error", format: "text" }),
    });
  } catch (error) {
    if (error instanceof ProjectError) fail(error.message);
    throw error;
  }
}

/** In the process that {@link EXAMINE} starts: the subject comes as a message, and each report goes as one. */
async function examineOne({ bundled }: CliContext): Promise<void> {
  const { examine } = await import("../toolchain/check/examine.ts");
  // Imported late, the SDK would be one chunk with the command line, for plugins too.
  provideSdk({ "apisix-bun-runner": sdk });
  const subject = Promise.withResolvers<Subject>();
  process.once("message", subject.resolve);
  await examine(await subject.promise, bundled, (report) => process.send?.(report));
}

function milliseconds(text: string): number {
  const kind = duration({ max: "10m", why: "a check should end" });
  const ms = kind.parse(text, { base: process.cwd() });
  if (ms instanceof Refused) throw new InvalidArgumentError(`allowed: ${kind.allowed}.`);
  return ms;
}

function hasErrors({ problems }: CheckResult): boolean {
  return problems.some(({ severity }) => severity === "error");
}

function asJson(result: CheckResult): string {
  const problems = result.problems.map(({ file, line, column, severity, code, message }) => ({
    file: shown({ file }),
    line,
    column,
    severity,
    code,
    message,
  }));
  return JSON.stringify({ ok: !hasErrors(result), ...result, problems }, null, 2);
}

function asText({ problems, plugins, samples, confs }: CheckResult): string {
  const lines = problems.map(
    ({ line, column, severity, code, message, file }) =>
      `${shown({ file })}:${line}:${column}: ${severity === "warning" ? "warning: " : ""}${message} (${code})`,
  );
  const warnings = problems.filter(({ severity }) => severity === "warning").length;
  const errors = problems.length - warnings;
  const found = [
    errors > 0 ? counted(errors, "error") : undefined,
    warnings > 0 ? counted(warnings, "warning") : undefined,
  ].filter((part) => part !== undefined);
  const looked = [counted(plugins.length, "plugin"), counted(samples, "sample")];
  if (confs > 0) looked.push(`${counted(confs, "conf")} of routes`);
  return [...lines, `${found.join(", ") || "no problem"} in ${looked.join(", ")}`].join("\n");
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function shown({ file }: Pick<CheckProblem, "file">): string {
  return relative(process.cwd(), file);
}
