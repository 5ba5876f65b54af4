/** What can be written on the command line, read from its parser, as the scripts of all shells need it. */
import type { Argument, Command, Option } from "commander";
import { settings } from "../../config/settings.ts";

/** What a value is: one of some words, a path, or anything. */
export type Value =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "folder" | "text" };

export interface OptionGrammar {
  /** `-c`. */
  readonly short: string | undefined;
  /** `--config`. */
  readonly long: string;
  readonly description: string;
  /** Undefined for a switch. */
  readonly value: Value | undefined;
  /** The value may be left out, and follows only after `=`. */
  readonly optional: boolean;
  readonly repeatable: boolean;
}

export interface ArgumentGrammar {
  readonly name: string;
  readonly value: Value;
  readonly required: boolean;
  /** Any number of them. */
  readonly variadic: boolean;
}

export interface CommandGrammar {
  readonly name: string;
  /** Its other names, if any. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  readonly arguments: readonly ArgumentGrammar[];
}

export interface CommandLineGrammar {
  readonly commands: readonly CommandGrammar[];
  /** Those that stand alone, without a command, such as `--version`. */
  readonly options: readonly OptionGrammar[];
  /** The command whose options may come without its name. */
  readonly defaultCommand: string;
}

/** @param plugins names of those that can be completed */
export function readCommandLine(program: Command, plugins: readonly string[]): CommandLineGrammar {
  const help = program.createHelp();
  const visible = help.visibleCommands(program);
  const names: Names = { plugins, commands: visible.map((command) => command.name()) };
  return {
    commands: visible.map((command) => ({
      name: command.name(),
      aliases: command.aliases(),
      description: command.description(),
      options: help.visibleOptions(command).map((option) => readOption(option, names)),
      arguments: command.registeredArguments.map((each) => readArgument(each, names)),
    })),
    options: help.visibleOptions(program).map((option) => readOption(option, names)),
    defaultCommand: "start",
  };
}

/** Words that only the executable knows. */
interface Names {
  readonly plugins: readonly string[];
  readonly commands: readonly string[];
}

function readOption(option: Option, names: Names): OptionGrammar {
  const { short, long, description, required, optional, argChoices, flags } = option;
  const takesValue = required || optional;
  const placeholder = /[<[]([^>\]]+)/.exec(flags)?.[1] ?? "";
  const value = choices(argChoices) ?? settingValue(option) ?? named(placeholder, names);
  return {
    short,
    long: long ?? flags,
    description,
    value: takesValue ? value : undefined,
    optional,
    repeatable: description.includes("may be repeated"),
  };
}

function readArgument(argument: Argument, names: Names): ArgumentGrammar {
  const { argChoices, required, variadic, description } = argument;
  const name = argument.name();
  const placeholder = name === "name" && description === "the plugin" ? "plugin" : name;
  return { name, value: choices(argChoices) ?? named(placeholder, names), required, variadic };
}

function choices(words: readonly string[] | undefined): Value | undefined {
  return words && { kind: "words", words };
}

/** The table of settings says what is allowed in words for people, of which these are to be relied on. */
function settingValue({ long, description }: Option): Value | undefined {
  const setting = [...settings.values()].find((each) => each.flag === long);
  if (setting === undefined || !description.startsWith(setting.description)) return undefined;
  const { allowed } = setting.kind;
  if (/^\w+(, \w+)* or \w+$/.test(allowed)) {
    return { kind: "words", words: allowed.split(/, | or /) };
  }
  if (allowed.includes("path of a folder")) return { kind: "folder" };
  return { kind: /\bpath of a (Unix|file)/.test(allowed) ? "file" : "text" };
}

/** By the placeholder in its flags, such as `<file>`. */
function named(placeholder: string, { plugins, commands }: Names): Value {
  if (placeholder === "plugin") return { kind: "words", words: plugins };
  if (placeholder === "command") return { kind: "words", words: commands };
  if (placeholder === "dir") return { kind: "folder" };
  return { kind: ["file", "files", "path"].includes(placeholder) ? "file" : "text" };
}
