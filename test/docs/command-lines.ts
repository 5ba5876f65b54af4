/** Checks command lines of the documentation without running them. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { createProgram, withDefaultCommand } from "../../src/cli/program.ts";
import { sourcesOf } from "../../src/cli/settings.ts";
import { loadConfig } from "../../src/config/config.ts";
import { ROOT } from "./blocks.ts";
import { type CommandLine, commandLines } from "./shell.ts";

/** Other programs that the pages use; any other name is probably a slip. */
const OTHER_PROGRAMS = new Set([
  "cat",
  "cd",
  "chmod",
  "cp",
  "curl",
  "echo",
  "export",
  "kill",
  "mkdir",
  "mv",
  "pkill",
  "scp",
  "sha256sum",
  "sudo",
  "systemctl",
  "apisix",
]);

/** @throws Error that names the line within the text and says what is wrong with it */
export async function checkCommandLines(text: string): Promise<void> {
  for (const command of commandLines(text)) {
    try {
      await check(command);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`line ${command.line + 1}, ${command.words.join(" ")}: ${message}`, {
        cause: error,
      });
    }
  }
}

export function isRunner(program: string): boolean {
  return basename(program) === "apisix-bun-runner";
}

async function check({ words, env }: CommandLine): Promise<void> {
  const [program = "", ...args] = words;
  if (isRunner(program)) return env["BUN_BE_BUN"] === "1" ? undefined : parse(args);
  if (program === "npx") return checkBun(args.slice(args.indexOf("bun@1.4.5") + 1));
  if (program === "bun") return checkBun(args);
  if (program === "sh") return checkInstallScript(args);
  if (program !== "" && !OTHER_PROGRAMS.has(program)) {
    throw new Error(`${program} is not among the programs that the pages use`);
  }
}

/** A script of ours says in its usage what it takes. */
function checkInstallScript([script, ...args]: readonly string[]): void {
  if (script !== "install.sh") throw new Error(`there is no script ${script}`);
  const usage = readFileSync(join(ROOT, "scripts/install.sh"), "utf8");
  for (const option of args.filter((arg) => arg.startsWith("-"))) {
    if (!usage.includes(`  ${option} `)) throw new Error(`install.sh has no option ${option}`);
  }
}

function checkBun([command = "", name = ""]: readonly string[]): void {
  if (command === "run" && !Object.hasOwn(packageJson.scripts, name)) {
    throw new Error(`package.json has no script ${name}`);
  }
  if (command === "test" && name !== "" && !existsSync(join(ROOT, name))) {
    throw new Error(`there is no ${name}`);
  }
}

/** For a command that is only named, without what it needs. */
export function hasCommand(name = ""): boolean {
  return createProgram(NOTHING_INSIDE).commands.some((command) => command.name() === name);
}

const NOTHING_INSIDE = { bundled: [], carried: "" };

/** The same parser as in the executable; its commands do nothing. */
async function parse(args: readonly string[]): Promise<void> {
  const program = createProgram(NOTHING_INSIDE);
  let said = "";
  for (const command of [program, ...allCommands(program)]) {
    command
      .exitOverride()
      .configureOutput({ writeErr: (text) => (said += text), writeOut: () => {} });
    if (command.commands.length === 0) command.action(() => checkOptions(command));
  }
  try {
    await program.parseAsync(withDefaultCommand(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Error(said || error.message);
  }
}

/** Settings have values that the parser takes for any text. */
function checkOptions(command: Command): void {
  const takesSettings = command.options.some(({ long }) => long === "--config");
  if (!takesSettings) return;
  const { flags } = sourcesOf(command.opts());
  loadConfig({ flags, env: {}, cwd: "/", executable: "/usr/local/bin/apisix-bun-runner" });
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((sub) => [sub, ...allCommands(sub)]);
}
