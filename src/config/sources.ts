/** Reads each setting from the first source that has it: flag, environment, file, default. */
import type { SettingsFile } from "./file.ts";
import { givenInFile } from "./file-values.ts";
import { type Environment, type Given, givenTexts, splitList, variableIn } from "./given.ts";
import { Refused } from "./parse.ts";
import { NOT_SHOWN, type Problems } from "./problems.ts";
import {
  type Config,
  environmentName,
  environmentPrefix,
  type Setting,
  type SettingPath,
  settings,
} from "./settings.ts";

/** Values of the command line, by the path of the setting. A flag that was given several times has a list. */
export type Flags = { readonly [Path in SettingPath]?: string | readonly string[] | undefined };

export interface Sources {
  readonly flags?: Flags | undefined;
  readonly env: Environment;
  /** What relative paths on the command line and in the environment start from. */
  readonly cwd: string;
}

/**
 * The values of all settings, by section and key. Sources that another one takes precedence over are checked as well:
 * what is wrong in them would come up when it is least expected.
 */
export function readSettings(
  sources: Sources,
  file: SettingsFile | undefined,
  problems: Problems,
): Omit<Config, "confExpireTime"> {
  // To put the name of each setting's variable together takes as long as all the rest: mostly there is none.
  const hasVariables = Object.keys(sources.env).some((name) => name.startsWith(environmentPrefix));
  const config: Record<string, unknown> = {};
  const sections: Record<string, Record<string, unknown>> = {};
  for (const [path, setting] of settings) {
    const byFlag = givenByFlag(path, setting, sources, problems);
    const inEnvironment = hasVariables ? givenInEnvironment(path, setting, sources) : undefined;
    const inFile = file && givenInFile(path, setting, file, sources, problems);
    // Most have their default, and a start goes through all of them.
    const value =
      byFlag === undefined && inEnvironment === undefined && inFile === undefined
        ? parse(setting, givenByDefault(path, setting, sources), problems)
        : firstOf([byFlag, inEnvironment, inFile], setting, problems);
    const dot = path.indexOf(".");
    if (dot < 0) config[path] = value;
    else (sections[path.slice(0, dot)] ??= {})[path.slice(dot + 1)] = value;
  }
  // The table gives each path a kind of the type that Config has there.
  return { ...sections, ...config } as Omit<Config, "confExpireTime">;
}

/** The value of the first source that has one; those of the others are looked at all the same. */
function firstOf(
  sources: readonly (readonly Given[] | undefined)[],
  setting: Setting,
  problems: Problems,
): unknown {
  const given = sources.filter((each) => each !== undefined);
  const [first] = given.map((each) => parse(setting, each, problems));
  return first;
}

function parse(setting: Setting, given: readonly Given[], problems: Problems): unknown {
  if (!setting.list) {
    const [only] = given;
    return only && parseOne(setting, only, problems);
  }
  return given.length === 0 ? [] : given.map((each) => parseOne(setting, each, problems));
}

function parseOne({ kind, secret }: Setting, given: Given, problems: Problems): unknown {
  const { value, name, shown, where, place } = given;
  const parsed = kind.parse(value, place);
  if (!(parsed instanceof Refused)) return parsed;
  const reason = parsed.reason === undefined ? "" : ` (${parsed.reason})`;
  const is = secret ? NOT_SHOWN : shown();
  problems.add(`${where()}: ${name} is ${is}${reason}; allowed: ${kind.allowed}`);
  return undefined;
}

function givenByFlag(
  path: SettingPath,
  { flag, list: isList = false }: Setting,
  { flags, cwd }: Sources,
  problems: Problems,
): Given[] | undefined {
  const value = flags?.[path];
  if (value === undefined) return undefined;
  const values = typeof value === "string" ? [value] : value;
  if (!isList && values.length !== 1)
    problems.add(`${flag}: ${path} is given ${values.length} times; allowed: once`);
  return givenTexts(values, { path, isList, source: flag, cwd });
}

/** A variable that is empty counts as not set. */
function givenInEnvironment(
  path: SettingPath,
  { list: isList = false }: Setting,
  { env, cwd }: Sources,
): Given[] | undefined {
  const source = environmentName(path);
  const value = env[source];
  return value
    ? givenTexts(isList ? splitList(value) : [value], { path, isList, source, cwd })
    : undefined;
}

function givenByDefault(
  path: SettingPath,
  { default: value }: Setting,
  { env, cwd }: Sources,
): Given[] {
  if (value === undefined || typeof value === "object") return [];
  const source = variableIn(value);
  const text = source === undefined ? String(value) : env[source];
  return text ? givenTexts([text], { path, isList: false, source: source ?? "default", cwd }) : [];
}
