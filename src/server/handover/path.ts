/** Where a runner offers to be taken over from. */
import { type Files, type FileStatus, isSocket } from "../../files/files.ts";
import { MAX_PATH_BYTES } from "../socket-file.ts";
import { pathBytes } from "../socket-path.ts";

/** One that has only just started makes its offer within this, ms; meanwhile it serves the path. */
const OFFER_WITHIN = 250;

const OFFER_CHECK = 5;

/** @returns undefined where the path would be too long for a socket */
export function handoverPath(path: string): string | undefined {
  const beside = `${path}.next`;
  return pathBytes(beside) <= MAX_PATH_BYTES ? beside : undefined;
}

/** Whether a runner may serve the path: then it is worth asking whether it gives what it has. */
export function isServed(path: string, files: Files): boolean {
  const there = found(path, files);
  return (there !== undefined && isSocket(there)) || isOffered(path, files);
}

/** Whether it is certain that no runner serves the path: nothing is there, or the socket of one that was killed. */
export async function isVacant(path: string, files: Files): Promise<boolean> {
  const there = found(path, files);
  if (there === undefined) return !isOffered(path, files);
  return isSocket(there) && !(await isAlive(path));
}

/** Resolves to whether a runner makes an offer there, now or in a moment. */
export async function awaitOffer(path: string, files: Files): Promise<boolean> {
  if (isOffered(path, files)) return true;
  if (!(await isAlive(path))) return false;
  const end = performance.now() + OFFER_WITHIN;
  while (!isOffered(path, files)) {
    if (performance.now() > end) return false;
    await Bun.sleep(OFFER_CHECK);
  }
  return true;
}

/** Whether somebody listens there: the file alone may be that of a dead runner. */
async function isAlive(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => undefined } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a runner of this user may be there to take over from. Anyone else who can write to the folder could
 * have put a socket there, and would decide what our confs say.
 */
function isOffered(path: string, files: Files): boolean {
  const at = handoverPath(path);
  if (at === undefined) return false;
  const offer = found(at, files);
  return offer !== undefined && isSocket(offer) && offer.uid === process.geteuid?.();
}

function found(path: string, files: Files): FileStatus | undefined {
  try {
    return files.linkStatus(path);
  } catch {
    // Such as a path through a file: the socket cannot be placed there either, and then it is said why.
    return undefined;
  }
}
