/** How the kernel tells arguments and environments: strings, each with a zero byte at its end. */
import { readFileSync } from "node:fs";

/** The strings of a file in which each ends with a zero byte. */
export function readStrings(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const strings: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0, from);
    const to = end === -1 ? bytes.length : end;
    strings.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return strings;
}
