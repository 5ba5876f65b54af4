/** Request bodies of 0 to 15 MB, read whole. */
import type { Rounds } from "../../rounds.ts";
import { type Bench, type Found, startFloor } from "../../section.ts";
import { warmUp } from "../warm-up.ts";
import { bendOf, lineOf, measurePoints, type Planned, threeOf } from "./lines.ts";

const MEGABYTES = [0, 1, 3, 6, 9, 12, 15];
const MEGABYTE = 2 ** 20;

/** Long enough for some fifty of the largest. */
const ROUNDS: Rounds = { count: 4, seconds: 0.5, warmup: 0.3 };

export async function bodyGrowth(bench: Bench): Promise<Found> {
  const runner = await bench.servers.startRunner(bench.executables.bench);
  const floor = await startFloor(bench, "body");
  const conf = [["ask-for-body", "{}"]] as const;
  await warmUp(bench, runner, { mode: "body", connections: 1, conf });
  const load = (x: number) => ({ mode: "body", connections: 1, bodySize: x * MEGABYTE }) as const;
  const points: Planned[] = [
    ...MEGABYTES.map((x) => ({ line: "runner", x, server: runner, load: { ...load(x), conf } })),
    ...threeOf(MEGABYTES).map((x) => ({ line: "floor", x, server: floor, load: load(x) })),
  ];
  const reports = await measurePoints(bench, points, ROUNDS);
  const lines = ["runner", "floor"].map((line) => lineOf(reports, points, line));
  return {
    figures: bendOf("growth.body", "bodies: how the line bends upwards", lines[0]!),
    growth: [
      {
        id: "body",
        title: "A request body read whole",
        work: "MB",
        cost: "µs a call",
        lines,
      },
    ],
  };
}
