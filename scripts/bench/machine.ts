/** What a run was measured on. */
import { cpus, type as systemName } from "node:os";
import type { Machine } from "./results.ts";

export function thisMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    system: `${systemName()} ${process.arch}`,
    bun: Bun.version,
  };
}
