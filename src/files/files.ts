/** What a start asks of the file system, of which there are two: node:fs, and one that is there sooner. */

/** Of a file, its device's and its own number make its identity. */
export interface FileStatus {
  /** Type and permissions, as in `st_mode`. */
  readonly mode: number;
  readonly uid: number;
  readonly dev: number;
  readonly ino: number;
}

/** All are synchronous, and throw what there is against it. */
export interface Files {
  /** Symbolic links are followed. @returns undefined where nothing is there */
  status(path: string): FileStatus | undefined;
  /** A symbolic link is a file of its own. @returns undefined where nothing is there */
  linkStatus(path: string): FileStatus | undefined;
  /** In UTF-8; what is none, and a byte order mark, are characters like others. */
  readText(path: string): string;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Of a symbolic link itself. -1 leaves one as it is. */
  chown(path: string, owner: number, group: number): void;
  chmod(path: string, mode: number): void;
}

const TYPE = 0o170000;
const SOCKET = 0o140000;
const DIRECTORY = 0o040000;
const LINK = 0o120000;

export function isSocket({ mode }: Pick<FileStatus, "mode">): boolean {
  return (mode & TYPE) === SOCKET;
}

/** What a file that is no socket is, in words. */
export function kindOf({ mode }: Pick<FileStatus, "mode">): string {
  const type = mode & TYPE;
  return type === DIRECTORY ? "a directory" : type === LINK ? "a symbolic link" : "a file";
}

/** Whether its mode lets everybody change it. */
export function isWritableByAll({ mode }: Pick<FileStatus, "mode">): boolean {
  return (mode & 0o002) !== 0;
}
