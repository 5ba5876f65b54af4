/** Large bodies, both ways: bytes a second against the floor, and memory. */
import { drive, type Load } from "../load.ts";
import { type Figure, figure } from "../results.ts";
import { column, type Lane, measure } from "../rounds.ts";
import { type Bench, type Found, startFloor } from "../section.ts";
import type { Server } from "../servers.ts";
import { ratios } from "../statistics.ts";
import { warmUp } from "./warm-up.ts";

const PHASES = { request: "bytes", response: "resp-bytes" } as const;
const MEGABYTES = [1, 15];
const MEGABYTE = 2 ** 20;

/** Each lane moves as much. */
const BYTES_A_ROUND = 240 * MEGABYTE;

/** The smallest that is treated as a large one: what lies about until it is collected is the same for all of them. */
const SMALLEST_LARGE = 64 * 1024;

/** Of these, so many that the engine's own memory is what it is under load. */
const SMALL_CALLS = 2000;

/** ms after which a runner has given back the memory that it keeps for the next body. */
const QUIET_MS = 6000;

type Phase = keyof typeof PHASES;

export async function bodies(bench: Bench): Promise<Found> {
  const figures: Figure[] = [];
  for (const phase of ["request", "response"] as const) {
    for (const size of MEGABYTES) {
      // It gets quiet while the other is measured.
      const memory = await warmRunner(bench, phase, size);
      const busyUntil = performance.now();
      figures.push(...(await throughput(bench, phase, size)));
      figures.push(await extraMemory(bench, phase, size, memory, busyUntil));
    }
  }
  return { figures };
}

async function throughput(bench: Bench, phase: Phase, size: number): Promise<Figure[]> {
  const { quick } = bench;
  const load = loadOf(phase, size);
  const runner = await warmRunner(bench, phase, size);
  const floor = await startFloor(bench, PHASES[phase], size * MEGABYTE);
  const lanes: Lane[] = [
    { id: "floor", server: floor, load },
    { id: "runner", server: runner, load },
  ];
  const requests = Math.round(BYTES_A_ROUND / (size * MEGABYTE) / (quick ? 4 : 1));
  const rounds = { count: quick ? 2 : 5, seconds: 0, warmup: 0.3 };
  const reports = await measure(bench, lanes, rounds, () => ({ requests }));
  const [ofFloor, ofRunner] = ["floor", "runner"].map((id) =>
    // A body goes in and one comes out.
    column(reports, id, ({ rps }) => (2 * rps * size * MEGABYTE) / 1e6),
  ) as [number[], number[]];
  const id = `bodies.${phase}.${size}`;
  const what = `${phase} body of ${size} MB`;
  return [
    figure(id, `${what}, to the floor`, "×", ratios(ofRunner, ofFloor)),
    figure(`${id}.own`, what, "MB/s", ofRunner),
    figure(`${id}.floor`, `${what}: the floor`, "MB/s", ofFloor),
  ];
}

/**
 * The most that it had in memory with such bodies, beyond what it had with the smallest that count as large.
 *
 * @param lastBusy `performance.now()` when it had its last large body
 */
async function extraMemory(
  bench: Bench,
  phase: Phase,
  size: number,
  server: Server,
  lastBusy: number,
): Promise<Figure> {
  const { tools, quick, progress } = bench;
  let busyUntil = lastBusy;
  const small = { ...loadOf(phase, size), bodySize: SMALLEST_LARGE };
  const rounds: number[] = [];
  for (let round = 0; round < (quick ? 1 : 2); round++) {
    progress.step(`memory for a ${phase} body of ${size} MB`);
    await Bun.sleep(busyUntil + QUIET_MS - performance.now());
    await drive(tools, server, small, { requests: SMALL_CALLS });
    await server.forgetHighest();
    const before = server.memory.highest;
    await drive(tools, server, loadOf(phase, size), { requests: 300 / size });
    busyUntil = performance.now();
    rounds.push(((server.memory.highest - before) * 1024) / (size * MEGABYTE));
  }
  await server.stop();
  const id = `bodies.memory.${phase}.${size}`;
  return figure(id, `extra memory, to a ${phase} body of ${size} MB`, "×", rounds);
}

async function warmRunner(bench: Bench, phase: Phase, size: number): Promise<Server> {
  const runner = await bench.servers.startRunner(bench.executables.bench);
  await warmUp(bench, runner, loadOf(phase, size));
  return runner;
}

function loadOf(phase: Phase, size: number): Load {
  return {
    mode: phase === "request" ? "rewrite" : "resp",
    conf: [["pass-body", "{}"]],
    connections: 1,
    bodySize: size * MEGABYTE,
  };
}
