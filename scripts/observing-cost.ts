/**
 * What metrics and traces cost a call, at 32 connections: the same runner with and without, in turn.
 *
 *   bun scripts/observing-cost.ts                        # builds the executable first
 *   --executable FILE   measures this one
 *   --starts N          how often each is started anew (default 4): no two processes are equally fast
 *   --rounds N          of each start (default 4)
 *   --seconds S         of each round (default 1)
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { drive, type Load } from "./bench/load.ts";
import { Progress } from "./bench/progress.ts";
import { column, cpuPerCall, type Lane, measure } from "./bench/rounds.ts";
import { Servers } from "./bench/servers.ts";
import { ratios, spread } from "./bench/statistics.ts";
import { makeTools } from "./bench/tools.ts";

const DIR = resolve(import.meta.dir, "../dist/bench");
const PLUGINS = join(import.meta.dir, "bench/plugins");

const LOADS: Readonly<Record<string, Load>> = {
  "answer (stop)": { mode: "stop", conf: [["stop", '{"status":200,"body":"hello"}']] },
  "one header set": { mode: "rewrite", conf: [["rewrite", '{"headers":{"X-A":"b"}}']] },
  "nothing changed": { mode: "none", conf: [["nothing", "{}"]] },
  "request body asked for": { mode: "body", conf: [["ask-for-body", "{}"]] },
  "response changed": { mode: "resp", conf: [["change-response", "{}"]] },
};

const { values: options } = parseArgs({
  options: {
    executable: { type: "string" },
    starts: { type: "string", default: "4" },
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "1" },
  },
});
const executable = resolve(options.executable ?? (await build()));
const tools = makeTools(DIR, undefined);
const seconds = Number(options.seconds);
/** A collector that takes what comes, in this process: what it costs is not the runner's. */
using collector = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({}) });

const KINDS: Readonly<Record<string, (dir: string) => readonly string[]>> = {
  off: () => [],
  metrics: (dir) => ["--metrics-listen", `unix:${join(dir, "metrics.sock")}`],
  "traces, 1 of 100": () => [...tracing(), "--tracing-sample", "0.01"],
  "traces, all": () => tracing(),
};

function tracing(): string[] {
  return ["--tracing-endpoint", collector.url.href];
}

const progress = new Progress(Object.keys(LOADS).length);
for (const [title, load] of Object.entries(LOADS)) {
  progress.section(title);
  const costs = new Map<string, number[]>(Object.keys(KINDS).map((kind) => [kind, []]));
  for (let start = 0; start < Number(options.starts); start++) {
    for (const [kind, values] of await oneStart(load)) costs.get(kind)!.push(...values);
  }
  const off = costs.get("off")!;
  for (const [kind, values] of costs) {
    const { median, low } = spread(values);
    const ratio = spread(ratios(values, off)).median;
    // On a busy machine the quickest rounds say more than the middle ones.
    const more = `${percent(ratio)} in the middle, ${percent(low / spread(off).low)} at best`;
    console.log(`${title}, ${kind}: ${median.toFixed(2)} µs, ${low.toFixed(2)} at best; ${more}`);
  }
}
progress.end();
process.exit();

/** µs of processor time a call, a figure a round, by what was on. */
async function oneStart(load: Load): Promise<ReadonlyMap<string, readonly number[]>> {
  await using servers = new Servers();
  const lanes: Lane[] = [];
  for (const [id, args] of Object.entries(KINDS)) {
    const given = ["--plugins", PLUGINS, ...args(servers.dir)];
    const server = await servers.start([executable, "start", "--socket"], ...given);
    await drive(tools, server, load, { requests: 1000, verify: true });
    lanes.push({ id, server, load });
  }
  const rounds = { count: Number(options.rounds), seconds, warmup: 1 };
  const reports = await measure({ tools, progress }, lanes, rounds);
  return new Map(lanes.map(({ id }) => [id, column(reports, id, cpuPerCall)]));
}

function percent(ratio: number): string {
  return `${ratio < 1 ? "" : "+"}${((ratio - 1) * 100).toFixed(1)} %`;
}
