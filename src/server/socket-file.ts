/** The socket file: bound under another name, then moved into place, and removed only while it is ours. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** The kernel's `sun_path` has 108 bytes, one of them for the end. */
export const MAX_PATH_BYTES = 107;

/** Thrown where no socket can be made at a path. One line: what, where, and what to do. */
export class SocketFileError extends Error {
  override readonly name = "SocketFileError";
}

export interface SocketFileOptions {
  readonly path: string;
  /** Permission bits; default: 0600, and 0666 for root, whose nginx workers are another user. */
  readonly mode?: number | undefined;
  /** Numeric ids; default: the process's own. */
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
}

/** A bound socket file. */
export interface SocketFile {
  /** Whether the path still leads to our socket: a successor replaces it. */
  isOurs(): boolean;
  /** Removes it, if it is ours. */
  remove(): void;
}

/**
 * Binds and puts the socket into place in one step: at every moment the path leads to a socket that
 * somebody serves, and nobody connects before the permissions are right.
 *
 * @param bind binds a socket at the path it is given
 * @throws SocketFileError
 */
export function placeSocket(options: SocketFileOptions, bind: (path: string) => void): SocketFile {
  const { path } = options;
  const temporary = join(dirname(path), `.r${process.pid.toString(36)}`);
  checkLength(path);
  checkLength(temporary);
  checkReplaceable(path);
  try {
    // Left by a runner with the same process id, as in a container that was started again.
    if (lstatIfThere(temporary) !== undefined) unlinkSync(temporary);
    const umask = process.umask(0o177);
    try {
      bind(temporary);
    } finally {
      process.umask(umask);
    }
    if (options.owner !== undefined || options.group !== undefined) {
      chownSync(temporary, options.owner ?? -1, options.group ?? -1);
    }
    chmodSync(temporary, options.mode ?? defaultMode());
    const { dev, ino } = statSync(temporary);
    renameSync(temporary, path);
    return new PlacedSocket(path, dev, ino);
  } catch (cause) {
    throw new SocketFileError(`cannot listen on ${path}: ${explain(cause, dirname(path))}`, {
      cause,
    });
  }
}

class PlacedSocket implements SocketFile {
  constructor(
    private readonly path: string,
    private readonly dev: number,
    private readonly ino: number,
  ) {}

  isOurs(): boolean {
    const found = lstatIfThere(this.path);
    return found !== undefined && found.dev === this.dev && found.ino === this.ino;
  }

  remove(): void {
    if (this.isOurs()) unlinkSync(this.path);
  }
}

function defaultMode(): number {
  return process.getuid?.() === 0 ? 0o666 : 0o600;
}

function checkLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_PATH_BYTES) return;
  throw new SocketFileError(
    `cannot listen on ${path}: a socket's path has at most ${MAX_PATH_BYTES} bytes, this one ${bytes}; choose a shorter one`,
  );
}

/** A socket may be a dead runner's or a live one's: both are replaced. Anything else is somebody's file. */
function checkReplaceable(path: string): void {
  const found = lstatIfThere(path);
  if (found === undefined || found.isSocket()) return;
  const kind = found.isDirectory()
    ? "a directory"
    : found.isSymbolicLink()
      ? "a symbolic link"
      : "a file";
  throw new SocketFileError(
    `cannot listen on ${path}: ${kind} is there and no socket; remove ${basename(path)} or choose another path`,
  );
}

function lstatIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // What cannot be looked at, such as a path through a file, fails to bind with a reason.
    return undefined;
  }
}

function explain(cause: unknown, directory: string): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  switch (code) {
    case "ENOENT":
      return `the directory ${directory} does not exist; create it or choose another path`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `the directory ${directory} cannot be written by user ${process.getuid?.()}, or the owner not be set (${code})`;
    case "ENOTDIR":
      return `${directory} is not a directory`;
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
