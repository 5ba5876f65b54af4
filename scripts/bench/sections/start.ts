/** From exec to the first PrepareConf reply, against the bare server. */
import { dirname, join } from "node:path";
import { type Load, timeStartUp } from "../load.ts";
import { figure } from "../results.ts";
import type { Bench, Found } from "../section.ts";
import { ratios } from "../statistics.ts";

const SERVERS = ["runner", "bare"] as const;

const LOAD: Load = { mode: "stop", conf: [["stop", "{}"]] };

export async function start({
  tools,
  servers,
  executables,
  quick,
  progress,
}: Bench): Promise<Found> {
  const times = { runner: [] as number[], bare: [] as number[] };
  // Single ones differ by half, medians of so many by a fiftieth.
  const count = quick ? 5 : 101;
  // The first start of each reads its file from the disk.
  for (let round = -2; round < count; round++) {
    for (const name of round % 2 === 0 ? SERVERS : SERVERS.toReversed()) {
      progress.step(`start ${round + 1} of ${count}`);
      const at = { socket: join(servers.dir, name), cwd: dirname(executables[name]) };
      const ms = await timeStartUp(tools, at, LOAD, [executables[name]]);
      if (round >= 0) times[name].push(ms);
    }
  }
  return {
    figures: [
      figure(
        "start",
        "exec to the first PrepareConf, to the bare server",
        "×",
        ratios(times.runner, times.bare),
      ),
      figure("start.own", "exec to the first PrepareConf", "ms", times.runner),
      figure("start.bare", "exec to the first PrepareConf: the bare server", "ms", times.bare),
    ],
  };
}
