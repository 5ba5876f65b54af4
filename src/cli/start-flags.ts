/**
 * The command line of a start whose flags need no explaining. To load the parser of all commands takes as long as half of a start, and
 * `ext-plugin.cmd` often has flags.
 */
import { type SettingPath, settings } from "../config/settings.ts";
import type { SettingSources } from "./settings.ts";

/**
 * @returns what the parser would make of it; undefined where it has more to do: another command, short or unknown flags, help,
 *   whatever may be a mistake
 */
export function startFlags(args: readonly string[]): SettingSources | undefined {
  const flags: { [Path in SettingPath]?: string | readonly string[] } = {};
  let configFile: string | undefined;
  const isNamed = args[0] === "start" || args[0] === "run";
  for (let i = isNamed ? 1 : 0; i < args.length; i++) {
    const given = args[i]!;
    const equals = given.indexOf("=");
    const flag = equals < 0 ? given : given.slice(0, equals);
    const path = pathOf(flag);
    if (path === undefined && flag !== "--config") return undefined;
    const setting = path && settings.get(path);
    let value: string | undefined;
    if (equals >= 0) {
      value = given.slice(equals + 1);
    } else {
      const next = args[i + 1];
      // A switch can stand alone.
      const isSwitch = setting?.default === false;
      const isAlone = next === undefined || next.startsWith("-");
      if (isSwitch !== isAlone) return undefined;
      value = isSwitch ? "true" : next;
      if (!isSwitch) i++;
    }
    if (!value) return undefined;
    if (path === undefined) configFile = value;
    else flags[path] = setting?.list ? [...(flags[path] ?? []), value] : value;
  }
  return { flags, configFile };
}

function pathOf(flag: string): SettingPath | undefined {
  for (const [path, setting] of settings) if (setting.flag === flag) return path;
  return undefined;
}
