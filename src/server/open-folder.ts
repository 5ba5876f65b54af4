/** Folders of sockets that are open to everybody. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { isWritableByAll } from "../files/files.ts";

/** What lets others write to the socket's folder lets them put their own socket at its path. */
export function isFolderOpen(path: string): boolean {
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder === undefined) return false;
  const othersMayWrite = isWritableByAll(folder);
  const keepsOwners = (folder.mode & 0o1000) !== 0;
  return othersMayWrite && !keepsOwners;
}
