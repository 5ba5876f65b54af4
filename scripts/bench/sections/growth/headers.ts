/** 1 to 64 headers, all of which are read. */
import { type Bench, type Found, startFloor } from "../../section.ts";
import { bendOf, lineOf, measurePoints, type Planned, threeOf } from "./lines.ts";

const HEADERS = [1, 8, 16, 32, 48, 64];

export async function headersGrowth(bench: Bench): Promise<Found> {
  const runner = await bench.servers.startRunner(bench.executables.bench);
  const floor = await startFloor(bench, "none");
  const conf = [["read-everything", "{}"]] as const;
  const load = (x: number) => ({ mode: "none", headers: x }) as const;
  const points: Planned[] = [
    ...HEADERS.map((x) => ({ line: "runner", x, server: runner, load: { ...load(x), conf } })),
    ...threeOf(HEADERS).map((x) => ({ line: "floor", x, server: floor, load: load(x) })),
  ];
  const reports = await measurePoints(bench, points);
  const lines = ["runner", "floor"].map((line) => lineOf(reports, points, line));
  return {
    figures: bendOf("growth.headers", "headers: how the line bends upwards", lines[0]!),
    growth: [
      {
        id: "headers",
        title: "Every header of a request read",
        work: "headers",
        cost: "µs a call",
        lines,
      },
    ],
  };
}
