/** Tells executables from other files, so that a build writes over nothing else. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { BuildError } from "./build-error.ts";

/** How executables of the platforms begin: ELF, Mach-O (64 bit), Windows. */
const MAGICS = ["7f454c46", "cffaedfe", "4d5a"];

/** @throws BuildError */
export function refuseToReplace(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory()) {
    throw new BuildError(`${file} is a folder: -o takes the path of the new executable`);
  }
  if (stat.size > 0 && !isExecutable(file)) {
    throw new BuildError(`${file} exists and is no executable: it is left as it is; name another`);
  }
}

/** @throws BuildError */
export function requireExecutable(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new BuildError(`there is no file ${file}: --runtime takes an apisix-bun-runner or a Bun`);
  }
  if (!isExecutable(file)) {
    throw new BuildError(`${file} is no executable: --runtime takes an apisix-bun-runner or a Bun`);
  }
}

function isExecutable(file: string): boolean {
  const beginning = firstBytes(file);
  return MAGICS.some((magic) => beginning.startsWith(magic));
}

function firstBytes(file: string): string {
  const fd = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(4);
    return bytes.toString("hex", 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
