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

interface Case {
  readonly phase: Phase;
  readonly size: number;
}

const CASES: readonly Case[] = (["request", "response"] as const).flatMap((phase) =>
  MEGABYTES.map((size) => ({ phase, size })),
);

/** Each runner gets quiet while others are measured. */
export async function bodies(bench: Bench): Promise<Found> {
  const figures: Figure[] = [];
  const memory: ExtraMemory[] = [];
  for (const each of CASES)
    memory.push(new ExtraMemory(bench, each, await warmRunner(bench, each)));
  for (const each of CASES) figures.push(...(await throughput(bench, each)));
  for (let round = 0; round < (bench.quick ? 1 : 3); round++) {
    for (const each of memory) await each.measure();
  }
  return { figures: [...figures, ...memory.map((each) => each.figure())] };
}

async function throughput(bench: Bench, each: Case): Promise<Figure[]> {
  const { quick } = bench;
  const { phase, size } = each;
  const load = loadOf(each);
  const runner = await warmRunner(bench, each);
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

/** The most that a runner has in memory with such bodies, beyond what it has with the smallest that count as large. */
class ExtraMemory {
  readonly #bodies: number[] = [];
  /** `performance.now()` when the runner had its last large body. */
  #busyUntil = performance.now();

  constructor(
    private readonly bench: Bench,
    private readonly each: Case,
    private readonly server: Server,
  ) {}

  async measure(): Promise<void> {
    const { server, each } = this;
    const { tools, progress } = this.bench;
    const { phase, size } = each;
    progress.step(`memory for a ${phase} body of ${size} MB`);
    await Bun.sleep(this.#busyUntil + QUIET_MS - performance.now());
    const small = { ...loadOf(each), bodySize: SMALLEST_LARGE };
    await drive(tools, server, small, { requests: SMALL_CALLS });
    await server.forgetHighest();
    const before = server.memory.highest;
    await drive(tools, server, loadOf(each), { requests: 300 / size });
    this.#busyUntil = performance.now();
    this.#bodies.push(((server.memory.highest - before) * 1024) / (size * MEGABYTE));
  }

  figure(): Figure {
    const { phase, size } = this.each;
    const id = `bodies.memory.${phase}.${size}`;
    return figure(id, `extra memory, to a ${phase} body of ${size} MB`, "×", this.#bodies);
  }
}

async function warmRunner(bench: Bench, each: Case): Promise<Server> {
  const runner = await bench.servers.startRunner(bench.executables.bench);
  await warmUp(bench, runner, loadOf(each));
  return runner;
}

function loadOf({ phase, size }: Case): Load {
  return {
    mode: phase === "request" ? "rewrite" : "resp",
    conf: [["pass-body", "{}"]],
    connections: 1,
    bodySize: size * MEGABYTE,
  };
}
