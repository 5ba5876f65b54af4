/** Files that every user of the machine could have changed. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { isWritableByAll } from "../files/files.ts";

/** @returns what every user may write to, in words; undefined: nothing */
export function worldWritable(path: string): string | undefined {
  return isWritableByAll(statSync(path)) ? describe(path) : undefined;
}

/**
 * The same of a folder and what lies in it. Of packages only their folder is looked at: there are
 * thousands of files, and a runner starts often.
 */
export function worldWritableWithin(folder: string): string | undefined {
  const itself = worldWritable(folder);
  if (itself !== undefined) return itself;
  for (const name of readdirSync(folder)) {
    const path = `${folder}/${name}`;
    // A link to nowhere is no danger, and nobody loads code from a socket, such as the runner's own may be.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !(stats.isFile() || stats.isDirectory())) continue;
    const goesOn = stats.isDirectory() && name !== "node_modules";
    const found = goesOn
      ? worldWritableWithin(path)
      : isWritableByAll(stats)
        ? describe(path)
        : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function describe(path: string): string {
  return `every user may write to ${realpathSync(path)}`;
}
