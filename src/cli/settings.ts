/** The options that stand for settings: one for each row of the table of settings. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { type SettingPath, settings } from "../config/settings.ts";
import type { Flags } from "../config/sources.ts";

/** What commander makes of them: by the option's name in camel case. */
export type SettingOptions = Readonly<Record<string, unknown>> & { readonly config?: string };

/** Settings as the command line gives them. */
export interface SettingSources {
  /** By their dotted path. */
  readonly flags: Flags;
  readonly configFile?: string | undefined;
}

/** @param except settings that the command decides itself */
export function withSettings(command: Command, except: readonly SettingPath[] = []): Command {
  command.option("-c, --config <file>", "read the settings from this file");
  for (const { option } of optionsBut(except)) command.addOption(option);
  return command;
}

export function sourcesOf(options: SettingOptions): SettingSources {
  const flags = optionsBut([]).map(({ path, option }) => [path, options[option.attributeName()]]);
  const given = flags.filter(([, value]) => value !== undefined);
  const texts = given.map(([path, value]) => [path, value === true ? "true" : value]);
  return { flags: Object.fromEntries(texts), configFile: options.config };
}

/** What is a path, and on a command line starts from the working directory. */
const PATHS: readonly SettingPath[] = ["socket.file", "logging.file", "plugins.dirs"];

/** The settings as a command line again, for a runner that is started with them, in whatever folder. */
export function settingArgs(options: SettingOptions): string[] {
  const { flags, configFile } = sourcesOf(options);
  return [
    ...(configFile === undefined ? [] : ["--config", resolve(configFile)]),
    ...Object.entries(flags).flatMap(([path, value]) => {
      const setting = path as SettingPath;
      const isPath = PATHS.includes(setting);
      return [value].flat().map((one) => {
        const text = String(one);
        return `${settings.get(setting)?.flag}=${isPath ? resolve(text) : text}`;
      });
    }),
  ];
}

function optionsBut(except: readonly SettingPath[]): { path: SettingPath; option: Option }[] {
  return Array.from(settings, ([path, setting]) => {
    const { flag, list, description } = setting;
    const short = path === "plugins.dirs" ? "-p, " : "";
    const repeated = list ? " (may be repeated)" : "";
    // A switch can stand alone, or be given a value: --watch, --watch=false.
    const value = setting.default === false ? "[value]" : "<value>";
    const option = new Option(`${short}${flag} ${value}`, description + repeated);
    if (list) option.argParser((value: string, before: string[] = []) => [...before, value]);
    return { path, option };
  }).filter(({ path }) => !except.includes(path));
}
