/** Folders of sockets that are open to everybody. */
import { statSync } from "node:fs";
import { dirname } from "node:path";

/** What lets others write to the socket's folder lets them put their own socket at its path. */
export function isFolderOpen(path: string): boolean {
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder === undefined) return false;
  const othersMayWrite = (folder.mode & 0o002) !== 0;
  const keepsOwners = (folder.mode & 0o1000) !== 0;
  return othersMayWrite && !keepsOwners;
}
