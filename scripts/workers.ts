/**
 * `bun scripts/workers.ts`: what workers bring and cost. All figures are medians, with the lowest and the
 * highest; kinds take turns, so that a machine that is slow for a while is slow for all.
 *
 *   --rounds N       of each kind (default 7)
 *   --seconds S      that each load is driven for (default 2)
 *   --executable F   default dist/apisix-bun-runner
 */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { drive, type Load, timeStartUp } from "./bench/load.ts";
import { ratios, spread } from "./bench/statistics.ts";
import { makeTools } from "./bench/tools.ts";
import { roundsFor } from "./workers/burn.ts";
import { argsFor, MeasuredRunner, memoryOf } from "./workers/measured-runner.ts";
import { restartGap } from "./workers/restart-gap.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "2" },
    executable: { type: "string", default: resolve(import.meta.dir, "../dist/apisix-bun-runner") },
  },
});

const KINDS = [0, 1, 2];
const BURN_US = 200;
const { executable } = options;
const rounds = Number(options.rounds);
const tools = makeTools(resolve(import.meta.dir, "../dist/bench"), undefined);
const table: Record<string, string> = {};

function tell(what: string, values: readonly number[], unit: string): void {
  const { median, low, high } = spread(values);
  const shown = [median, low, high].map((value) => value.toFixed(value < 10 ? 2 : 1));
  table[what] = `${shown[0]} ${unit} (${shown[1]} to ${shown[2]})`;
}

/** One list a kind. */
function lists(): number[][] {
  return KINDS.map(() => []);
}

/** Calls a second, and the 99th percentile in ms. */
async function measureLoads(): Promise<void> {
  const burn = roundsFor(BURN_US);
  const loads: Record<string, { readonly load: Load; readonly warmup: number }> = {
    // The compiler takes seconds for some thousand calls a second: with two workers it would take a processor from them.
    [`${BURN_US} µs a call`]: { load: { mode: "stop", conf: [["burn", `"${burn}"`]] }, warmup: 5 },
    stop: { load: { mode: "stop", conf: [["stop", "{}"]] }, warmup: 0.5 },
  };
  for (const [name, { load, warmup }] of Object.entries(loads)) {
    const rates = lists();
    const tails = lists();
    for (let round = 0; round < rounds; round++) {
      for (const [i, workers] of KINDS.entries()) {
        await using runner = await MeasuredRunner.start(executable, workers);
        const extent = { seconds: Number(options.seconds), warmup };
        const { rps, p99 } = await drive(tools, runner, load, extent);
        rates[i]!.push(rps);
        tails[i]!.push(p99 / 1000);
      }
    }
    for (const [i, workers] of KINDS.entries()) {
      tell(`${name}, ${workers} workers: calls`, rates[i]!, "/s");
      tell(`${name}, ${workers} workers: p99`, tails[i]!, "ms");
    }
    tell(`${name}: two workers to one`, ratios(rates[2]!, rates[1]!), "×");
  }
}

async function measureStarts(): Promise<void> {
  const times = lists();
  const socket = `/tmp/workers-${process.pid}.sock`;
  for (let round = 0; round < 3 * rounds; round++) {
    for (const [i, workers] of KINDS.entries()) {
      const load: Load = { mode: "stop", conf: [["stop", "{}"]] };
      const command = [executable, ...argsFor(workers)];
      times[i]!.push(await timeStartUp(tools, { socket, cwd: "/" }, load, command));
    }
  }
  rmSync(socket, { force: true });
  for (const [i, workers] of KINDS.entries()) {
    tell(`exec to the first PrepareConf, ${workers} workers`, times[i]!, "ms");
  }
}

async function measureMemory(): Promise<void> {
  for (const workers of KINDS) {
    const resident = { first: [] as number[], each: [] as number[] };
    const own = { first: [] as number[], each: [] as number[] };
    for (let round = 0; round < Math.min(rounds, 5); round++) {
      await using runner = await MeasuredRunner.start(executable, workers);
      // What is loaded when there is time has been loaded by then.
      await Bun.sleep(1_000);
      const first = memoryOf(runner.pid);
      resident.first.push(first.resident);
      own.first.push(first.own);
      for (const each of runner.workers.map(memoryOf)) {
        resident.each.push(each.resident);
        own.each.push(each.own);
      }
    }
    const name = workers === 0 ? "one process" : `the supervisor of ${workers}`;
    tell(`idle: ${name}, resident`, resident.first, "MB");
    tell(`idle: ${name}, shared with nobody`, own.first, "MB");
    if (workers === 0) continue;
    tell(`idle: each of ${workers} workers, resident`, resident.each, "MB");
    tell(`idle: each of ${workers} workers, shared with nobody`, own.each, "MB");
  }
}

await measureLoads();
await measureStarts();
await measureMemory();
tell(
  "kill -9 of the only worker to the next answer",
  await restartGap(executable, 3 * rounds),
  "ms",
);
for (const [what, values] of Object.entries(table)) console.log(`${what.padEnd(52)} ${values}`);
