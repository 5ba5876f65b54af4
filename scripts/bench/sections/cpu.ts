/** Processor time a call, against the floor in the same round. */
import { drive, type Load } from "../load.ts";
import { figure } from "../results.ts";
import { column, cpuPerCall, measure, type Lane } from "../rounds.ts";
import { type Bench, type Found, startFloor } from "../section.ts";
import { ratios } from "../statistics.ts";
import type { FloorKind } from "../tools.ts";

interface Case {
  readonly id: string;
  readonly title: string;
  readonly load: Load;
  readonly floor: FloorKind;
  /** Which executable has the plugin. */
  readonly executable: "runner" | "bench";
}

const CASES: readonly Case[] = [
  {
    id: "stop",
    title: "answer (stop)",
    load: {
      mode: "stop",
      conf: [["stop", '{"status":200,"headers":{"X-Resp-A6-Runner":"bench"},"body":"hello"}']],
    },
    floor: "stop",
    executable: "runner",
  },
  {
    id: "header",
    title: "one header set (rewrite)",
    load: {
      mode: "rewrite",
      conf: [["rewrite", '{"path":null,"headers":{"X-A6-Runner":"bench"},"args":null}']],
    },
    floor: "rewrite",
    executable: "runner",
  },
  {
    id: "nothing",
    title: "nothing changed",
    load: { mode: "none", conf: [["nothing", "{}"]] },
    floor: "none",
    executable: "bench",
  },
  {
    id: "read",
    title: "every header and argument read",
    load: { mode: "none", conf: [["read-everything", "{}"]] },
    floor: "none",
    executable: "bench",
  },
  {
    id: "body",
    title: "request body asked for",
    load: { mode: "body", conf: [["ask-for-body", "{}"]] },
    floor: "body",
    executable: "bench",
  },
  {
    id: "response",
    title: "response header and body changed",
    load: { mode: "resp", conf: [["change-response", "{}"]] },
    floor: "resp",
    executable: "bench",
  },
];

/** A server a case: what one plugin taught the compiler does not speed up or slow down another. */
export async function cpu(bench: Bench): Promise<Found> {
  const { servers, executables, tools, quick } = bench;
  const lanes: Lane[] = [];
  for (const { id, load, floor, executable } of CASES) {
    const { mode } = load;
    lanes.push({ id: `${id} floor`, server: await startFloor(bench, floor), load: { mode } });
    const server = await servers.startRunner(executables[executable]);
    await drive(tools, server, load, { requests: 1000, verify: true });
    lanes.push({ id, server, load });
  }
  // How much of it is Bun's own.
  const bare = await servers.start([executables.bare], "stop");
  lanes.push({ id: "bare", server: bare, load: { mode: "stop" } });
  const rounds = quick
    ? { count: 2, seconds: 0.3, warmup: 0.2 }
    : { count: 5, seconds: 0.6, warmup: 0.4 };
  const reports = await measure(bench, lanes, rounds);
  const cpuOf = (id: string) => column(reports, id, cpuPerCall);
  return {
    figures: [
      ...CASES.flatMap(({ id, title }) => [
        figure(`cpu.${id}`, `${title}, to the floor`, "×", ratios(cpuOf(id), cpuOf(`${id} floor`))),
        figure(`cpu.${id}.own`, title, "µs", cpuOf(id)),
        figure(`cpu.${id}.floor`, `${title}: the floor`, "µs", cpuOf(`${id} floor`)),
      ]),
      figure(
        "cpu.bare",
        "answer (stop): the bare server, to the floor",
        "×",
        ratios(cpuOf("bare"), cpuOf("stop floor")),
      ),
    ],
  };
}
