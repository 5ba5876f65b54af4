/** Processor time a call of every bundled plugin, against a plugin that changes nothing in the same round. */
import { drive, type Load } from "../load.ts";
import { type Figure, figure } from "../results.ts";
import { column, cpuPerCall, type Lane, measure } from "../rounds.ts";
import { type Bench, type Found, startFloor } from "../section.ts";
import { ratios } from "../statistics.ts";
import { answers } from "./plugins/answers.ts";
import { bodies } from "./plugins/bodies.ts";
import { checkAnswer, checkQuestions, type Group, type PluginCase } from "./plugins/case.ts";
import { lookups } from "./plugins/lookups.ts";
import { responses } from "./plugins/responses.ts";

/** What is measured together: few enough that a round of them is short. */
export const PLUGIN_GROUPS: readonly Group[] = [answers, lookups, bodies, responses];

/** Calls before the first round, all of which must come to what they should. */
const FIRST_CALLS = 1000;

export async function plugins(bench: Bench): Promise<Found> {
  const figures: Figure[] = [];
  const skipped: string[] = [];
  for (const group of PLUGIN_GROUPS) {
    await using resources = new AsyncDisposableStack();
    const {
      name,
      cases,
      skipped: reasons = [],
    } = await group({ dir: bench.servers.dir, resources });
    figures.push(...(await measureGroup(bench, name, cases)));
    skipped.push(...reasons);
  }
  return { figures, skipped };
}

async function measureGroup(
  bench: Bench,
  name: string,
  cases: readonly PluginCase[],
): Promise<Figure[]> {
  const lanes = await floorLanes(bench, cases);
  const floors = new Set(lanes.map(({ id }) => id));
  lanes.push(await nothingLane(bench, cases));
  for (const one of cases) lanes.push(await pluginLane(bench, one));
  const rounds = bench.quick
    ? { count: 2, seconds: 0.3, warmup: 0.2 }
    : { count: 5, seconds: 0.6, warmup: 0.5 };
  const reports = await measure(bench, lanes, rounds, ({ id }) => ({
    seconds: rounds.seconds,
    // The floor's replies have no id of their own.
    verify: !floors.has(id),
  }));
  for (const one of cases) await checkAnswer(laneOf(lanes, one.id).server, one);

  const cpuOf = (id: string) => column(reports, id, cpuPerCall);
  return [
    ...cases.flatMap((one) => [
      figure(
        `plugins.${one.id}`,
        `${one.title}, to nothing changed`,
        "×",
        ratios(cpuOf(one.id), cpuOf(NOTHING)),
      ),
      figure(`plugins.${one.id}.own`, one.title, "µs", cpuOf(one.id)),
      figure(
        `plugins.${one.id}.floor`,
        `${one.title}, to the floor`,
        "×",
        ratios(cpuOf(one.id), cpuOf(floorId(one))),
      ),
    ]),
    figure(`plugins.${name}.nothing`, `nothing changed, beside ${name}`, "µs", cpuOf(NOTHING)),
  ];
}

const NOTHING = "nothing";

/** One for each kind of reply. */
async function floorLanes(bench: Bench, cases: readonly PluginCase[]): Promise<Lane[]> {
  const kinds = new Map(cases.map((one) => [floorId(one), one]));
  const lanes: Lane[] = [];
  for (const [id, { floor, floorBytes, load }] of kinds) {
    const server = await startFloor(bench, floor, floorBytes);
    lanes.push({ id, server, load: floorLoad(load) });
  }
  return lanes;
}

/** The same frames, but for a conf that the floor does not read. */
function floorLoad({ conf: _conf, ...load }: Load): Load {
  return load;
}

function floorId({ floor, floorBytes }: PluginCase): string {
  return `floor ${floor} ${floorBytes ?? ""}`;
}

async function nothingLane(bench: Bench, [first]: readonly PluginCase[]): Promise<Lane> {
  const mode = first?.load.mode === "resp" ? "resp" : "none";
  const load: Load = { mode, conf: [["nothing", "{}"]] };
  const server = await bench.servers.startRunner(bench.executables.bench);
  await drive(bench.tools, server, load, { requests: FIRST_CALLS, verify: true });
  return { id: NOTHING, server, load };
}

/** A server a case: what one plugin taught the compiler does not speed up or slow down another. */
async function pluginLane({ servers, executables, tools }: Bench, one: PluginCase): Promise<Lane> {
  const { id, load, executable = "runner", args = [] } = one;
  const server = await servers.start([executables[executable], ...args]);
  await checkAnswer(server, one);
  await checkQuestions(one, FIRST_CALLS, () =>
    drive(tools, server, load, { requests: FIRST_CALLS, verify: true }),
  );
  return { id, server, load };
}

function laneOf(lanes: readonly Lane[], id: string): Lane {
  const lane = lanes.find((one) => one.id === id);
  if (lane === undefined) throw new Error(`there is no lane ${id}`);
  return lane;
}
