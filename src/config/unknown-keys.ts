/** Finds what nobody knows: keys of the file, and environment variables that look like settings. */
import type { SettingsFile } from "./file.ts";
import type { Environment } from "./given.ts";
import { nearest } from "./nearest.ts";
import { type Problems, show, showName } from "./problems.ts";
import { configFileVariable, environmentName, environmentPrefix, settings } from "./settings.ts";

/** Reports keys and sections that are no settings, and sections that are no mappings. */
export function reportUnknownKeys(file: SettingsFile, problems: Problems): void {
  for (const [name, content] of Object.entries(file.content)) {
    if (isSettingAlone(name)) continue;
    const keys = keysOf(name);
    if (keys.length === 0) reportUnknown([name], content, file, problems);
    else if (content === null) continue;
    else if (typeof content !== "object" || Array.isArray(content)) {
      const where = file.where([name], "value");
      problems.add(
        `${where}: ${name} is ${show(content)}; allowed: a mapping with the keys ${keys.join(", ")}`,
      );
    } else {
      for (const [key, value] of Object.entries(content)) {
        if (!keys.includes(key)) reportUnknown([name, key], value, file, problems);
      }
    }
  }
}

/** One line for each variable that has the runner's prefix and is no setting. */
export function warningsAbout(env: Environment): string[] {
  const given = Object.keys(env).filter((name) => name.startsWith(environmentPrefix));
  if (given.length === 0) return [];
  const known = [configFileVariable, ...Array.from(settings.keys(), environmentName)];
  return given
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(
        name.slice(environmentPrefix.length),
        known.map((each) => each.slice(environmentPrefix.length)),
      );
      const hint = near === undefined ? "" : `; did you mean ${environmentPrefix}${near}?`;
      return `the environment variable ${showName(name)} is no setting and is ignored${hint}`;
    });
}

/** It is in no section. */
function isSettingAlone(name: string): boolean {
  return !name.includes(".") && (settings as ReadonlyMap<string, unknown>).has(name);
}

/** The keys of a section. */
function keysOf(section: string): string[] {
  const prefix = `${section}.`;
  const keys: string[] = [];
  for (const path of settings.keys()) {
    if (path.startsWith(prefix)) keys.push(path.slice(prefix.length));
  }
  return keys;
}

/** Of sections, and of settings by themselves. */
function namesOutside(): string[] {
  return [...new Set(Array.from(settings.keys(), (path) => path.split(".", 1)[0] ?? ""))];
}

function reportUnknown(
  path: string[],
  value: unknown,
  file: SettingsFile,
  problems: Problems,
): void {
  const siblings = path.length === 1 ? namesOutside() : keysOf(path[0] ?? "");
  const given = value === null ? "" : ` (${show(value)})`;
  problems.add(
    `${file.where(path, "key")}: unknown key ${showName(path.join("."))}${given}; ` +
      `allowed${path.length === 1 ? "" : ` in ${path[0]}`}: ${siblings.join(", ")}${suggestion(path, siblings)}`,
  );
}

/** The nearest key beside it, or else one in another section; `socket.file: x` is meant as a key in a section. */
function suggestion(path: readonly string[], siblings: readonly string[]): string {
  const name = path.at(-1) ?? "";
  const sibling = name.includes(".") ? undefined : nearest(name, siblings);
  if (sibling !== undefined) return `; did you mean ${[...path.slice(0, -1), sibling].join(".")}?`;
  const paths = [...settings.keys()];
  const keys = paths.map((each) => each.slice(each.indexOf(".") + 1));
  const key = nearest(name, keys);
  const elsewhere = nearest(name, paths) ?? paths.find((_, index) => keys[index] === key);
  if (elsewhere === undefined) return "";
  const [section, inside] = elsewhere.split(".");
  if (inside === undefined) return `; did you mean ${elsewhere}, outside of any section?`;
  return `; did you mean ${elsewhere}, the key ${inside} in the section ${section}?`;
}
