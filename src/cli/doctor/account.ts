/** Users of this machine with their groups, and what files let them do. */
import { readFileSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

export interface Account {
  readonly uid: number;
  /** The number, where it has no name here. */
  readonly name: string;
  /** The ids of all groups it is in. */
  readonly groups: ReadonlySet<number>;
}

/** What a file says of who may do what. */
export type Permissions = Pick<Stats, "uid" | "gid" | "mode">;

export const READ = 4;
export const WRITE = 2;
/** Of a folder: to go through it. */
export const EXECUTE = 1;

/** @returns undefined for a name that is not there; a number needs no name */
export function accountOf(user: string | number): Account | undefined {
  const rows = rowsOf("/etc/passwd");
  const isNumber = /^\d+$/.test(String(user));
  const row = rows.find(([name, , uid]) => (isNumber ? uid === String(user) : name === user));
  if (row === undefined) {
    return isNumber ? { uid: Number(user), name: String(user), groups: new Set() } : undefined;
  }
  const [name = "", , uid, gid] = row;
  const others = rowsOf("/etc/group").filter(([, , , members]) =>
    members?.split(",").includes(name),
  );
  return {
    uid: Number(uid),
    name,
    groups: new Set([Number(gid), ...others.map(([, , id]) => Number(id))]),
  };
}

/** By the permission bits alone: access control lists are not looked at. */
export function may(account: Account, what: number, { uid, gid, mode }: Permissions): boolean {
  if (account.uid === 0) return what !== EXECUTE || (mode & 0o111) !== 0;
  const shift = account.uid === uid ? 6 : account.groups.has(gid) ? 3 : 0;
  return ((mode >> shift) & what) === what;
}

/** @returns the first folder above the path that the account cannot go through */
export function closedFolder(account: Account, path: string): string | undefined {
  const folders: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return folders.find((folder) => {
    const stats = statSync(folder, { throwIfNoEntry: false });
    return stats !== undefined && !may(account, EXECUTE, stats);
  });
}

function rowsOf(file: string): string[][] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
}
