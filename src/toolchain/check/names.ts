/** Plugins that share a name: neither may win by chance. */
import { basename } from "node:path";
import { canonicalName } from "../../plugin/exports.ts";
import type { PluginFile } from "../compile.ts";
import type { CheckProblem } from "./problem.ts";

/** @param bundled names of the plugins in the executable */
export function nameProblems(
  own: readonly PluginFile[],
  bundled: readonly string[],
): CheckProblem[] {
  return own.flatMap((plugin): CheckProblem[] => {
    const { name, file } = plugin;
    const others = own
      .filter((other) => other !== plugin && isSameName(other.name, name))
      .map((other) => basename(other.file));
    if (bundled.some((other) => isSameName(other, name))) others.push("a plugin of the executable");
    if (others.length === 0) return [];
    const message = `the name ${name} is used twice, here and by ${others.join(", ")}: rename one`;
    return [{ file, line: 1, column: 1, severity: "error", code: "duplicate-name", message }];
  });
}

/** Kebab and camel case alike. */
export function isSameName(one: string, other: string): boolean {
  return canonicalName(one) === canonicalName(other);
}
