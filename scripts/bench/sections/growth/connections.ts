/** 1 to 10 000 connections, each with a call under way. */
import { type Bench, type Found, startFloor } from "../../section.ts";
import { FEW_ROUNDS, lineOf, measurePoints, type Planned, riseOf } from "./lines.ts";

const CONNECTIONS = [1, 1000, 2500, 5000, 7500, 10_000];

/** What a process has open beside its connections. */
const OTHER_DESCRIPTORS = 100;

/** A server a point, so that the memory is that of these connections alone. */
export async function connectionsGrowth(bench: Bench): Promise<Found> {
  const allowed = descriptorLimit();
  const wanted = bench.quick ? [1, 100, 1000] : CONNECTIONS;
  const possible = wanted.filter((count) => count + OTHER_DESCRIPTORS <= allowed);
  const skipped = wanted
    .filter((count) => !possible.includes(count))
    .map((count) => `${count} connections: a process may open ${allowed} files (ulimit -Hn)`);
  const points: Planned[] = [];
  for (const x of possible) {
    const runner = await bench.servers.startRunner(bench.executables.runner);
    const floor = await startFloor(bench, "stop");
    const conf = [["stop", '{"status":200,"body":"hello"}']] as const;
    const load = { mode: "stop", connections: x } as const;
    points.push(
      { line: "runner", x, server: runner, load: { ...load, conf } },
      { line: "floor", x, server: floor, load },
    );
  }
  const reports = await measurePoints(bench, points, FEW_ROUNDS);
  const lines = ["runner", "floor"].map((line) => lineOf(reports, points, line));
  const memory = ["runner", "floor"].map((line) =>
    lineOf(reports, points, line, ({ rss_kb }) => (rss_kb * 1024) / 1e6),
  );
  return {
    skipped,
    figures: [
      riseOf("growth.connections", "a call over most connections, to one over one", lines[0]!),
    ],
    growth: [
      {
        id: "connections",
        title: "Connections with a call under way each",
        work: "connections",
        cost: "µs a call",
        lines,
      },
      {
        id: "connections-memory",
        title: "Resident memory with connections",
        work: "connections",
        cost: "MB",
        lines: memory,
      },
    ],
  };
}

/** The hard limit: Bun raises its own soft limit to it, and so do the tools in C. */
function descriptorLimit(): number {
  const { stdout } = Bun.spawnSync(["/bin/sh", "-c", "ulimit -Hn"]);
  const limit = Number(stdout.toString());
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}
