/**
 * `bun run fuzz`: mutated frames through the runner, in this process and through the executable.
 *
 *   --frames N      how many in this process (default 1 000 000); a tenth of that goes over a socket
 *   --seed N        default: the time; it is printed
 *   --minutes M     ends after M minutes, however many frames that were
 *   --from N        begins with this case of the seed
 *   --executable F  default dist/apisix-bun-runner; `none` leaves the socket out
 *   --replay HEX    runs one stream of bytes as one case, and tells how it ended
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { FuzzCase } from "./fuzz/case.ts";
import { FuzzedExecutable } from "./fuzz/executable.ts";
import { minimise } from "./fuzz/minimise.ts";
import { fuzzOverSocket } from "./fuzz/over-socket.ts";
import { failsWith, type FoundFailure, fuzz } from "./fuzz/run.ts";

const { values: options } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    minutes: { type: "string" },
    from: { type: "string", default: "0" },
    executable: { type: "string", default: resolve(import.meta.dir, "../dist/apisix-bun-runner") },
    replay: { type: "string" },
  },
});

const seed = Number(options.seed);
const frames = Number(options.frames);

const ok =
  options.replay === undefined
    ? (await inThisProcess()) && (await throughExecutable())
    : await replay(options.replay);
process.exit(ok ? 0 : 1);

async function inThisProcess(): Promise<boolean> {
  console.log(`seed ${seed}: ${frames} frames in this process`);
  const before = memory();
  const watch = watchForHang();
  const started = performance.now();
  let last = started;
  const {
    cases,
    frames: done,
    failure,
  } = await fuzz({
    seed,
    frames,
    from: Number(options.from),
    ...(options.minutes !== undefined && { time: Number(options.minutes) * 60_000 }),
    progress: (progress) => {
      watch.postMessage(progress);
      if (performance.now() - last < 5_000) return;
      last = performance.now();
      console.log(`${progress.frames} frames, ${progress.cases} cases, ${show(memory())}`);
    },
  });
  watch.terminate();
  if (failure !== undefined) {
    await report(failure);
    return false;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${done} frames, ${cases} cases in ${seconds} s: no failure`);
  console.log(`memory before: ${show(before)}; after: ${show(memory())}`);
  return true;
}

/** A loop that never ends keeps this thread from saying so: another one waits to be told of cases. */
function watchForHang(): Worker {
  const watch = new Worker(new URL("fuzz/watch.ts", import.meta.url));
  watch.postMessage({ seed, from: Number(options.from) });
  return watch;
}

async function throughExecutable(): Promise<boolean> {
  if (options.executable === "none") return true;
  await using runner = await FuzzedExecutable.start(options.executable);
  const started = performance.now();
  const before = runner.residentMegabytes;
  try {
    const ended = runner.exited.then((code) => {
      throw new Error(`the runner ended with ${code}`);
    });
    const sent = await Promise.race([
      ended,
      fuzzOverSocket({ socket: runner.socket, seed, frames: frames / 10 }),
    ]);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${sent} frames through the executable in ${seconds} s: no failure`);
    console.log(`its memory before: ${before} MB; after: ${runner.residentMegabytes} MB`);
    return true;
  } catch (error) {
    console.error(error);
    console.error(`again: bun run fuzz --seed ${seed} --frames ${frames}`);
    return false;
  }
}

async function replay(hex: string): Promise<boolean> {
  const fuzzCase: FuzzCase = {
    frames: [Buffer.from(hex, "hex")],
    readBytes: 0,
    writeBytes: 0,
    answersAll: true,
  };
  const error = await failsWith(fuzzCase);
  console.log(error ?? "it ended as it must");
  return error === undefined;
}

async function report({ index, fuzzCase, error }: FoundFailure): Promise<void> {
  console.error(error);
  const { frames: sent, ...how } = await minimise(fuzzCase, failsWith);
  console.error(`case ${index} of seed ${seed}, made smaller: ${JSON.stringify(how)}`);
  for (const frame of sent) console.error(`  ${frame.toString("hex")}`);
  console.error(`again: bun run fuzz --seed ${seed} --from ${index} --frames 1`);
  console.error(`its bytes alone: bun run fuzz --replay ${Buffer.concat(sent).toString("hex")}`);
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

function memory(): Memory {
  Bun.gc(true);
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / 2 ** 20, resident: rss / 2 ** 20 };
}

function show({ heap, resident }: Memory): string {
  return `heap ${heap.toFixed(1)} MiB, resident ${resident.toFixed(0)} MiB`;
}
