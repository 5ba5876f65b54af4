/**
 * Gives back what only the start needed of the executable's file.
 *
 * Much of the engine runs once, while a process starts, and stays mapped: two fifths of what an idle runner
 * has resident. The pages are the file's own, unchanged, and in the page cache: without a process that
 * maps them the system may have them back when it needs memory. One that is used again after all is mapped again, which
 * takes some microseconds.
 */
import { readFileSync } from "node:fs";
import { openLibc } from "./libc.ts";

const MADVISE = { madvise: { args: ["u64", "u64", "i32"], returns: "i32" } } as const;

/** `MADV_DONTNEED` of Linux on all its architectures. */
const DONT_NEED = 4;

/** A part of the address space. */
export interface Mapping {
  readonly start: number;
  /** Bytes. */
  readonly size: number;
}

/** Does nothing on other systems than Linux, and where it is not to be found out what may be given back. */
export function releaseStartUpPages(): void {
  if (process.platform !== "linux") return;
  try {
    const mappings = unchangedMappings(
      readFileSync("/proc/self/smaps", "latin1"),
      process.execPath,
    );
    const { madvise } = openLibc(MADVISE);
    for (const { start, size } of mappings) madvise(start, size, DONT_NEED);
  } catch {
    // No procfs, or no C library that we know: then the pages stay.
  }
}

/**
 * The mappings of a file in which no page is the process's own: they can be read from the file again.
 *
 * @param smaps what `/proc/PID/smaps` says, see proc_pid_smaps(5)
 */
export function unchangedMappings(smaps: string, file: string): Mapping[] {
  const found: Mapping[] = [];
  let mapping: Mapping | undefined;
  for (const line of smaps.split("\n")) {
    const [, start, end, access, path] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    if (start !== undefined && end !== undefined) {
      const isOfFile = path === file && access?.includes("w") === false;
      const from = Number.parseInt(start, 16);
      mapping = isOfFile ? { start: from, size: Number.parseInt(end, 16) - from } : undefined;
    } else if (mapping !== undefined && /^Anonymous: +0 kB$/.test(line)) {
      found.push(mapping);
    }
  }
  return found;
}
