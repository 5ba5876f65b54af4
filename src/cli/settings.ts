/** The options that stand for settings: one for each row of the table of settings. */
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

/** The settings as a command line again, for a runner that is started with them. */
export function settingArgs(options: SettingOptions): string[] {
  const { flags, configFile } = sourcesOf(options);
  return [
    ...(configFile === undefined ? [] : ["--config", configFile]),
    ...Object.entries(flags).flatMap(([path, value]) => {
      const flag = settings.get(path as SettingPath)?.flag ?? path;
      return [value].flat().map((one) => `${flag}=${String(one)}`);
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
