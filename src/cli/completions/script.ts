/** The script of one shell. */
import type { Command } from "commander";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { readCommandLine } from "./grammar.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** @param plugins names of those that can be completed */
export function completionScript(
  shell: keyof typeof SCRIPTS,
  program: Command,
  plugins: readonly string[],
): string {
  return SCRIPTS[shell](readCommandLine(program, plugins));
}
