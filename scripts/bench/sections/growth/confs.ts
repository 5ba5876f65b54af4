/** 1 to 50 000 prepared confs, called in turn. */
import { drive, type Load } from "../../load.ts";
import type { Bench, Found } from "../../section.ts";
import { spread } from "../../statistics.ts";
import { FEW_ROUNDS, lineOf, measurePoints, type Planned, riseOf } from "./lines.ts";

const CONFS = [1, 10_000, 20_000, 35_000, 50_000];

/** A runner a point, so that the memory is that of these confs alone. */
export async function confsGrowth(bench: Bench): Promise<Found> {
  const points: Planned[] = [];
  const preparing = [];
  for (const x of bench.quick ? [1, 1000, 5000] : CONFS) {
    const server = await bench.servers.startRunner(bench.executables.bench);
    const load: Load = { mode: "none", conf: [["nothing", "{}"]], confs: x };
    bench.progress.step(`preparing ${x} confs`);
    const { prepare_us } = await drive(bench.tools, server, load, { requests: 1 });
    preparing.push({ x, ...spread([(prepare_us * x) / 1000]) });
    points.push({ line: "runner", x, server, load });
  }
  // Each load prepares its confs first, which warms up as well.
  const reports = await measurePoints(bench, points, { ...FEW_ROUNDS, warmup: 0 });
  const line = lineOf(reports, points, "runner");
  const memory = lineOf(reports, points, "runner", ({ rss_kb }) => (rss_kb * 1024) / 1e6);
  return {
    figures: [riseOf("growth.confs", "a call with most confs, to one with one", line)],
    growth: [
      {
        id: "confs",
        title: "Prepared confs, called in turn",
        work: "confs",
        cost: "µs a call",
        lines: [line],
      },
      {
        id: "confs-memory",
        title: "Resident memory with prepared confs",
        work: "confs",
        cost: "MB",
        lines: [memory],
      },
      {
        id: "confs-preparing",
        title: "Preparing confs, one after the other",
        work: "confs",
        cost: "ms for all",
        lines: [{ name: "runner", points: preparing }],
      },
    ],
  };
}
