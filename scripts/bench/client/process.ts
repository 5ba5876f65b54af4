/** What the system says of a process. Linux only; elsewhere it says nothing. */
import { existsSync, readFileSync } from "node:fs";

/** Ticks a second that `/proc` counts in; the kernel's interface has it fixed. */
const TICKS = 100;

/** Seconds of processor time, all threads together. */
export function processorTime(pid: number): number {
  const text = read(pid, "stat");
  if (text === undefined) return Number.NaN;
  // The name, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

export interface Memory {
  /** kB that are in memory now, and were at most. */
  readonly resident: number;
  readonly highest: number;
}

export function memoryOf(pid: number): Memory {
  const text = read(pid, "status") ?? "";
  const number = (name: string) => Number(new RegExp(`${name}:\\s*(\\d+)`).exec(text)?.[1]);
  return { resident: number("VmRSS"), highest: number("VmHWM") };
}

function read(pid: number, name: string): string | undefined {
  const path = `/proc/${pid}/${name}`;
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
