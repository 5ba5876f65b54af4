/** Latency at half of the runner's highest rate, against the bare server at the same rate. */
import type { Load, LoadReport } from "../load.ts";
import { drive } from "../load.ts";
import { figure } from "../results.ts";
import { column, measure } from "../rounds.ts";
import type { Bench, Found } from "../section.ts";
import { median, ratios } from "../statistics.ts";

const CONNECTIONS = [32, 128];

const LOAD: Load = { mode: "stop", conf: [["stop", '{"status":200,"body":"hello"}']] };

export async function latency(bench: Bench): Promise<Found> {
  const { servers, executables, quick, tools } = bench;
  const runner = await servers.startRunner(executables.runner);
  const bare = await servers.start([executables.bare], "stop");
  const figures = [];
  for (const connections of CONNECTIONS) {
    const load = { ...LOAD, connections };
    const tries: number[] = [];
    for (let i = 0; i < (quick ? 1 : 3); i++) {
      bench.progress.step(`the highest rate over ${connections} connections`);
      tries.push((await drive(tools, runner, load, { seconds: 0.5, warmup: 0.3 })).rps);
      await drive(tools, bare, load, { seconds: 0.1 });
    }
    const rate = median(tries) / 2;
    const rounds = quick
      ? { count: 2, seconds: 0.3, warmup: 0 }
      : { count: 7, seconds: 1, warmup: 0 };
    const lanes = [
      { id: "runner", server: runner, load },
      { id: "bare", server: bare, load },
    ];
    const reports = await measure(bench, lanes, rounds, () => ({
      seconds: rounds.seconds,
      warmup: 0.2,
      rate,
    }));
    const of = (id: string, what: (report: LoadReport) => number) => column(reports, id, what);
    const over = `over ${connections} connections`;
    const name = `latency.${connections}`;
    figures.push(
      figure(
        name,
        `p99 ${over}, to the bare server`,
        "×",
        ratios(of("runner", p99), of("bare", p99)),
      ),
      figure(`${name}.p99`, `p99 ${over}`, "µs", of("runner", p99)),
      figure(`${name}.p99.bare`, `p99 ${over}: the bare server`, "µs", of("bare", p99)),
      figure(`${name}.p50`, `p50 ${over}`, "µs", of("runner", p50)),
      figure(`${name}.p50.bare`, `p50 ${over}: the bare server`, "µs", of("bare", p50)),
      figure(`${name}.rate`, `half of the highest rate ${over}`, "calls/s", [rate]),
    );
  }
  return { figures };
}

const p99 = (report: LoadReport): number => report.p99;
const p50 = (report: LoadReport): number => report.p50;
