/** Large bodies, both ways: bytes a second against the floor, and memory. */
import { drive, type Load } from "../load.ts";
import { type Figure, figure } from "../results.ts";
import { column, type Lane, measure } from "../rounds.ts";
import { type Bench, type Found, startFloor } from "../section.ts";
import { ratios } from "../statistics.ts";

const PHASES = { request: "bytes", response: "resp-bytes" } as const;
const MEGABYTES = [1, 15];
const MEGABYTE = 2 ** 20;

/** Each lane moves as much. */
const BYTES_A_ROUND = 240 * MEGABYTE;

type Phase = keyof typeof PHASES;

export async function bodies(bench: Bench): Promise<Found> {
  const figures: Figure[] = [];
  for (const phase of ["request", "response"] as const) {
    for (const size of MEGABYTES) {
      figures.push(...(await throughput(bench, phase, size)));
      figures.push(await extraMemory(bench, phase, size));
    }
  }
  return { figures };
}

async function throughput(bench: Bench, phase: Phase, size: number): Promise<Figure[]> {
  const { servers, executables, quick } = bench;
  const load = loadOf(phase, size);
  const lanes: Lane[] = [
    { id: "floor", server: await startFloor(bench, PHASES[phase], size * MEGABYTE), load },
    { id: "runner", server: await servers.startRunner(executables.bench), load },
  ];
  const requests = Math.round(BYTES_A_ROUND / (size * MEGABYTE) / (quick ? 4 : 1));
  const rounds = { count: quick ? 2 : 5, seconds: 0, warmup: 0.3 };
  const reports = await measure(bench, lanes, rounds, () => ({ requests }));
  const [floor, runner] = ["floor", "runner"].map((id) =>
    // A body goes in and one comes out.
    column(reports, id, ({ rps }) => (2 * rps * size * MEGABYTE) / 1e6),
  ) as [number[], number[]];
  const id = `bodies.${phase}.${size}`;
  const what = `${phase} body of ${size} MB`;
  return [
    figure(id, `${what}, to the floor`, "×", ratios(runner, floor)),
    figure(`${id}.own`, what, "MB/s", runner),
    figure(`${id}.floor`, `${what}: the floor`, "MB/s", floor),
  ];
}

/** The most that it ever had in memory, beyond what it had before the first large body. */
async function extraMemory(bench: Bench, phase: Phase, size: number): Promise<Figure> {
  const { servers, executables, tools, quick, progress } = bench;
  const rounds: number[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    progress.step(`memory for a ${phase} body of ${size} MB`);
    const server = await servers.startRunner(executables.bench);
    await drive(tools, server, { ...loadOf(phase, size), bodySize: 64 }, { requests: 20_000 });
    const before = server.memory.highest;
    await drive(tools, server, loadOf(phase, size), { requests: 20 });
    rounds.push(((server.memory.highest - before) * 1024) / (size * MEGABYTE));
    await server.stop();
  }
  const id = `bodies.memory.${phase}.${size}`;
  return figure(id, `extra memory, to a ${phase} body of ${size} MB`, "×", rounds);
}

function loadOf(phase: Phase, size: number): Load {
  return {
    mode: phase === "request" ? "rewrite" : "resp",
    conf: [["pass-body", "{}"]],
    connections: 1,
    bodySize: size * MEGABYTE,
  };
}
