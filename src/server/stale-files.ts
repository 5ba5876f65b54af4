/** Socket files under temporary names that runners have left which were killed in the moment between binding and renaming. */
import { lstatSync, readdirSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownerOfTemporary } from "./socket-path.ts";

/** ms; in another container a process that we do not see may be about to rename its own. */
const MIN_AGE = 5_000;

/** Removes those beside the path whose process is no more. What cannot be removed does no harm. */
export function removeStaleSockets(path: string): void {
  const folder = dirname(path);
  for (const name of namesIn(folder)) {
    const owner = ownerOfTemporary(name);
    if (owner === undefined || isAlive(owner)) continue;
    try {
      const file = join(folder, name);
      const found = lstatSync(file);
      const isOurs = found.isSocket() && found.uid === process.geteuid?.();
      if (isOurs && Date.now() - found.mtimeMs > MIN_AGE) unlinkSync(file);
    } catch {
      // Another runner was faster.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Sockets can be placed in a folder that may not be read.
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
