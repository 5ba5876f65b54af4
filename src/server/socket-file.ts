/** The socket file: bound under another name, then moved into place, and removed only while it is ours. */
import { type Files, type FileStatus, isSocket, kindOf } from "../files/files.ts";
import type { SocketIdentity } from "../watchdog/bequest.ts";
import { nginxWorkerUsers } from "./nginx-workers.ts";
import { folderOf, pathBytes, temporarySocket } from "./socket-path.ts";

/** The kernel's `sun_path` has 108 bytes, one of them for the end. */
export const MAX_PATH_BYTES = 107;

/** Thrown where no socket can be made at a path. One line: what, where, and what to do. */
export class SocketFileError extends Error {
  override readonly name = "SocketFileError";
}

export interface SocketFileOptions {
  readonly path: string;
  /** Permission bits. Without them, an owner and a group: as narrow as lets nginx's workers in. */
  readonly mode?: number | undefined;
  /** Numeric ids; default: the process's own. */
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
}

/** A bound socket file. */
export interface SocketFile {
  /** What the path leads to while it is ours. */
  readonly identity: SocketIdentity;
  /** Whether the path still leads to our socket: a successor replaces it. */
  isOurs(): boolean;
  /** Removes it, if it is ours. */
  remove(): void;
}

interface Listener {
  stop(closeActive?: boolean): void;
}

/**
 * Binds and puts the socket into place in one step: at every moment the path leads to a socket that
 * somebody serves, and nobody connects whom the permissions would not let in.
 *
 * @param bind binds a socket at the path it is given
 * @param files by which it is done, and removed in the end
 * @returns the file, and what `bind` returned
 * @throws SocketFileError
 */
export function placeSocket<Bound extends Listener>(
  options: SocketFileOptions,
  bind: (path: string) => Bound,
  files: Files,
): { file: SocketFile; bound: Bound } {
  const { path } = options;
  const temporary = temporarySocket(path);
  checkLength(path);
  checkLength(temporary);
  checkReplaceable(path, files);
  const access = accessOf(options, files);
  let bound: Bound | undefined;
  try {
    // Left by a runner with the same process id, as in a container that was started again.
    if (statusIfThere(temporary, files) !== undefined) files.unlink(temporary);
    bound = bindWithMode(temporary, access.mode, bind);
    const { dev, ino } = setAccess(temporary, access, files);
    files.rename(temporary, path);
    return { file: placedSocket({ path, dev, ino }, files), bound };
  } catch (cause) {
    bound?.stop(true);
    const left = statusIfThere(temporary, files);
    if (left !== undefined && isSocket(left)) files.unlink(temporary);
    throw new SocketFileError(`cannot listen on ${path}: ${explain(cause, path)}`, {
      cause,
    });
  }
}

interface Access {
  readonly mode: number;
  readonly owner: number | undefined;
  readonly group: number | undefined;
}

/**
 * Where everything is one user, that one alone. As root we are asked by nginx's workers: by their one
 * user alone where we can tell who that is, else by whoever it may be.
 */
function accessOf({ mode, owner, group }: SocketFileOptions, files: Files): Access {
  if (mode !== undefined) return { mode, owner, group };
  if (owner !== undefined || group !== undefined) {
    return { mode: group === undefined ? 0o600 : 0o660, owner, group };
  }
  if (process.geteuid?.() !== 0) return { mode: 0o600, owner, group };
  const users = nginxWorkerUsers(files) ?? [];
  const [user] = users;
  // One that is root may be about to become somebody else.
  return users.length === 1 && user !== undefined && user !== 0
    ? { mode: 0o600, owner: user, group }
    : { mode: 0o666, owner, group };
}

/** The mode is right from the first moment: there is no wider one to be narrowed. */
function bindWithMode<Bound>(path: string, mode: number, bind: (path: string) => Bound): Bound {
  const umask = process.umask(0o777 & ~mode);
  try {
    return bind(path);
  } finally {
    process.umask(umask);
  }
}

function setAccess(path: string, { mode, owner, group }: Access, files: Files): FileStatus {
  // Never through a symbolic link, should somebody have put one there.
  if (owner !== undefined || group !== undefined) {
    files.chown(path, owner ?? -1, group ?? -1);
  }
  const found = files.linkStatus(path);
  if (found === undefined) throw new Error("somebody has removed it");
  // A folder with a default access control list may have had its own idea of the mode.
  if (isSocket(found) && (found.mode & 0o777) !== mode) files.chmod(path, mode);
  return found;
}

/** The socket that the process image before this one has placed. */
export function placedSocket(identity: SocketIdentity, files: Files): SocketFile {
  return new PlacedSocket(identity, files);
}

class PlacedSocket implements SocketFile {
  constructor(
    readonly identity: SocketIdentity,
    private readonly files: Files,
  ) {}

  isOurs(): boolean {
    const { path, dev, ino } = this.identity;
    const found = statusIfThere(path, this.files);
    return found !== undefined && found.dev === dev && found.ino === ino;
  }

  remove(): void {
    if (this.isOurs()) this.files.unlink(this.identity.path);
  }
}

function checkLength(path: string): void {
  const bytes = pathBytes(path);
  if (bytes <= MAX_PATH_BYTES) return;
  throw new SocketFileError(
    `cannot listen on ${path}: a socket's path has at most ${MAX_PATH_BYTES} bytes, this one ${bytes}; choose a shorter one`,
  );
}

/** A socket may be a dead runner's or a live one's: both are replaced. Anything else is somebody's file. */
function checkReplaceable(path: string, files: Files): void {
  const found = statusIfThere(path, files);
  if (found === undefined || isSocket(found)) return;
  throw new SocketFileError(
    `cannot listen on ${path}: ${kindOf(found)} is there and no socket; remove it or choose another path`,
  );
}

function statusIfThere(path: string, files: Files): FileStatus | undefined {
  try {
    return files.linkStatus(path);
  } catch {
    // What cannot be looked at, such as a path through a file, fails to bind with a reason.
    return undefined;
  }
}

function explain(cause: unknown, path: string): string {
  const directory = folderOf(path);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  switch (code) {
    case "ENOENT":
      return `the directory ${directory} does not exist; create it or choose another path`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `the directory ${directory} cannot be written by user ${process.geteuid?.()}, or the owner not be set (${code})`;
    case "ENOTDIR":
      return `${directory} is not a directory`;
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
