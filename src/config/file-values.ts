/** What the config file says of a setting, with `$env.NAME` replaced. */
import { dirname } from "node:path";
import type { SettingsFile } from "./file.ts";
import { contentOf, type Environment, type Given, splitList, variableIn } from "./given.ts";
import { NOT_SHOWN, type Problems, show } from "./problems.ts";
import type { Setting, SettingPath } from "./settings.ts";

/** Undefined where the file leaves the setting out, or empty. */
export function givenInFile(
  path: SettingPath,
  setting: Setting,
  file: SettingsFile,
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
  problems: Problems,
): Given[] | undefined {
  const value = valueAt(path, file.content);
  if (value === undefined || value === null) return undefined;
  const keys = path.split(".");

  const read = (item: unknown, at: readonly (string | number)[], name: string): Given[] => {
    const where = () => file.where(at, "value");
    const shown = () => (setting.secret ? NOT_SHOWN : (file.written(at) ?? show(item)));
    const problem = (text: string) => {
      problems.add(`${where()}: ${name} is ${shown()}${text}`);
      return [];
    };
    const variable = setting.verbatim ? undefined : variableIn(item);
    if (variable === undefined) {
      const isMixed = !setting.verbatim && typeof item === "string" && item.includes("$env.");
      if (isMixed) return problem("; allowed: $env.NAME as the whole value, not as a part");
      return [
        { value: item, name, shown, where, place: { base: dirname(file.path), text: file.text } },
      ];
    }
    const content = contentOf(variable, env);
    if (content === undefined)
      return problem(`, but the environment variable ${variable} is not set`);
    return (at === keys && setting.list ? splitList(content) : [content]).map((each) => ({
      value: each,
      name,
      shown: () => `what $env.${variable} holds (not shown, it may be a secret)`,
      where,
      place: { base: cwd },
    }));
  };

  if (Array.isArray(value) && setting.list) {
    return value.flatMap((item, index) => read(item, [...keys, index], `${path}[${index}]`));
  }
  const variable = variableIn(value);
  if (setting.list && variable === undefined) {
    const where = file.where(keys, "value");
    problems.add(
      `${where}: ${path} is ${show(value)}; allowed: a list, each item ${setting.kind.allowed}`,
    );
    return undefined;
  }
  // What comes from the environment by default may be missing there, whichever variable is named.
  const mayBeUnset = variableIn(setting.default) !== undefined;
  if (mayBeUnset && variable !== undefined && !contentOf(variable, env)) return undefined;
  return read(value, keys, path);
}

function valueAt(path: SettingPath, content: object): unknown {
  const dot = path.indexOf(".");
  if (dot < 0) return member(content, path);
  return member(member(content, path.slice(0, dot)), path.slice(dot + 1));
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
