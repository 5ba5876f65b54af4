/** Where a runner offers to be taken over from. */
import { lstatSync } from "node:fs";
import { MAX_PATH_BYTES } from "../socket-file.ts";

/** @returns undefined where the path would be too long for a socket */
export function handoverPath(path: string): string | undefined {
  const beside = `${path}.next`;
  return Buffer.byteLength(beside) <= MAX_PATH_BYTES ? beside : undefined;
}

/**
 * Whether a runner of this user may be there to take over from. Anyone else who can write to the folder could
 * have put a socket there, and would decide what our confs say.
 */
export function isHandoverOffered(path: string): boolean {
  const at = handoverPath(path);
  if (at === undefined) return false;
  try {
    const found = lstatSync(at, { throwIfNoEntry: false });
    return found !== undefined && found.isSocket() && found.uid === process.geteuid?.();
  } catch {
    return false;
  }
}
