/**
 * `bun run soak`: the executable at full rate, with bodies, errors, reconnects, confs that come and go, and reloads.
 * Ends with 1 where resident memory grows by more than 10 % after warming up, a descriptor stays open, or a call goes wrong.
 *
 *   --minutes N     default 30
 *   --clients N     connections at a time, default 16
 *   --executable F  default dist/apisix-bun-runner
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Sample, soak } from "./soak/run.ts";
import { megabytes, verdictOf } from "./soak/verdict.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    clients: { type: "string", default: "16" },
    executable: { type: "string", default: resolve(import.meta.dir, "../dist/apisix-bun-runner") },
  },
});

const time = Number(options.minutes) * 60_000;

console.log("time (s) | calls | resident | descriptors | threads");
const result = await soak({
  executable: resolve(options.executable),
  time,
  sampleEvery: Math.max(time / 200, 250),
  reloadEvery: Math.max(time / 100, 1_000),
  clients: Number(options.clients),
  onSample: everyTenth(({ at, calls, residentBytes, descriptors, threads }) => {
    const cells = [(at / 1000).toFixed(0), calls, megabytes(residentBytes), descriptors, threads];
    console.log(cells.join(" | "));
  }),
});

const { warm, end, problems } = verdictOf(result);
const { calls, connections, confs, reloads, descriptors, wrong } = result;
console.log(`
${calls} calls on ${connections} connections, ${confs} confs in both phases, ${reloads} reloads: ${wrong} went wrong
resident memory, medians: ${megabytes(warm)} in the second quarter, ${megabytes(end)} in the last
descriptors: ${descriptors.before} before the first client, ${descriptors.after} after the last`);
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);

function everyTenth(show: (sample: Sample) => void): (sample: Sample) => void {
  let count = 0;
  return (sample) => {
    if (count++ % 10 === 0) show(sample);
  };
}
