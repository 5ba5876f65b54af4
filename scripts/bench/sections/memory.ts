/** Resident memory: idle, and over a million calls of several kinds. */
import { drive, type Load } from "../load.ts";
import { figure } from "../results.ts";
import type { Bench, Found } from "../section.ts";

const LOADS: readonly Load[] = [
  { mode: "rewrite", conf: [["one-header", "{}"]] },
  { mode: "none", conf: [["read-everything", "{}"]] },
  { mode: "body", conf: [["ask-for-body", "{}"]] },
  { mode: "resp", conf: [["change-response", "{}"]] },
];

const FIRST: Load = { mode: "stop", conf: [["stop", "{}"]], connections: 1 };

/** What a runner needs some time after its start, when what it loads late has been loaded. */
const SETTLED_MS = 1000;

export async function memory({
  tools,
  servers,
  executables,
  quick,
  progress,
}: Bench): Promise<Found> {
  const idle: number[] = [];
  for (let i = 0; i < 3; i++) {
    const shipped = await servers.startRunner(executables.runner);
    await drive(tools, shipped, FIRST, { requests: 1 });
    await Bun.sleep(SETTLED_MS);
    idle.push(megabytes(shipped.memory.resident));
  }
  const runner = await servers.startRunner(executables.bench);
  const calls = quick ? 100_000 : 1_000_000;
  const parts = 20;
  const after: number[] = [];
  for (let part = 0; part < parts; part++) {
    progress.step(`${(part * calls) / parts} of ${calls} calls`);
    const load = LOADS[part % LOADS.length]!;
    await drive(tools, runner, load, { requests: calls / parts });
    after.push(megabytes(runner.memory.resident));
  }
  const last = after.slice(-LOADS.length);
  // The calls of each kind are compared with the same kind half a run before.
  const before = after.slice(parts / 2 - LOADS.length, parts / 2);
  return {
    figures: [
      figure("memory.idle", "resident, idle", "MB", idle),
      figure("memory.after", `resident after ${calls} calls`, "MB", last),
      figure("memory.flat", "the same, to that after half of them", "×", [
        Math.max(...last) / Math.max(...before),
      ]),
    ],
  };
}

function megabytes(kB: number): number {
  return (kB * 1024) / 1e6;
}
