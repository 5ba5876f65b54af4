import type { Stats } from "node:fs";

/** Whether a file's mode lets every user of the machine change it. */
export function isWritableByAll({ mode }: Stats): boolean {
  return (mode & 0o002) !== 0;
}
