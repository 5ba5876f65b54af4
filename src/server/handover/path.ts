/** Where a runner offers to be taken over from. */
import { lstatSync, type Stats } from "node:fs";
import { MAX_PATH_BYTES } from "../socket-file.ts";

/** @returns undefined where the path would be too long for a socket */
export function handoverPath(path: string): string | undefined {
  const beside = `${path}.next`;
  return Buffer.byteLength(beside) <= MAX_PATH_BYTES ? beside : undefined;
}

/** Whether a runner may serve the path: then it is worth asking whether it gives what it has. */
export function isServed(path: string): boolean {
  return found(path)?.isSocket() === true;
}

/**
 * Whether a runner of this user may be there to take over from. Anyone else who can write to the folder could
 * have put a socket there, and would decide what our confs say.
 */
export function isHandoverOffered(path: string): boolean {
  const at = handoverPath(path);
  if (at === undefined) return false;
  const offer = found(at);
  return offer !== undefined && offer.isSocket() && offer.uid === process.geteuid?.();
}

function found(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Such as a path through a file: the socket cannot be placed there either, and then it is said why.
    return undefined;
  }
}
