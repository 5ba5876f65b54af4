/** 1 to 10 plugins in a chain, each of which sets a header of its own. */
import type { Bench, Found } from "../../section.ts";
import { bendOf, lineOf, measurePoints, type Planned } from "./lines.ts";

const PLUGINS = [1, 2, 4, 6, 8, 10];

export async function pluginsGrowth(bench: Bench): Promise<Found> {
  const runner = await bench.servers.startRunner(bench.executables.bench);
  const points: Planned[] = PLUGINS.map((x) => {
    const conf = Array.from(
      { length: x },
      (_, i) => ["one-header", JSON.stringify({ name: `X-A6-Runner-${i}` })] as const,
    );
    return { line: "runner", x, server: runner, load: { mode: "rewrite", conf } };
  });
  const reports = await measurePoints(bench, points);
  const line = lineOf(reports, points, "runner");
  return {
    figures: bendOf("growth.plugins", "plugins: how the line bends upwards", line),
    growth: [
      {
        id: "plugins",
        title: "Plugins in a chain, each of which sets a header of its own",
        work: "plugins",
        cost: "µs a call",
        lines: [line],
      },
    ],
  };
}
