/** 200 reloads in a row: what the old code and the old confs held is let go. */
import { expect, test } from "bun:test";
import {
  answerBytes,
  nextReply,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const MEBIBYTE = 2 ** 20;

/** Every version has timers, a state for each conf and a mebibyte of its own, none of which it gives back itself. */
const version = (number: number) => `
  import { stop } from "apisix-bun-runner";
  import { mark } from "./lib/mark.ts";
  const own = new Uint8Array(${MEBIBYTE}).fill(1);
  setInterval(() => own, 1000);
  class State {
    number = ${number};
    [Symbol.dispose]() {}
  }
  export default {
    async setup() {
      const state = new State();
      setInterval(() => state, 1000);
      return state;
    },
    async request({ request, state, vars }) {
      if (request.path === "/wait") await vars.get("go");
      return stop(state.number + mark);
    },
  };`;

/** Tells what lives after a collection. */
const METER = `
  import { heapStats } from "bun:jsc";
  import { stop } from "apisix-bun-runner";
  export default {
    request() {
      Bun.gc(true);
      const { objectTypeCounts } = heapStats();
      return stop(JSON.stringify({ rss: process.memoryUsage.rss(), live: objectTypeCounts }));
    },
  };`;

interface Memory {
  /** Bytes. */
  readonly rss: number;
  /** How many objects there are, by type. */
  readonly live: Readonly<Record<string, number>>;
}

test("memory does not grow by reloading", async () => {
  using dir = new TempDir();
  dir.write("it.ts", version(0));
  dir.write("lib/mark.ts", `export const mark = "!";`);
  dir.write("meter.ts", METER);
  await using runner = await RunnerProcess.start({ args: ["start", "--plugins", dir.path] });
  using connection = await RawConnection.connect(runner.socket);
  using busy = await RawConnection.connect(runner.socket);

  const text = async (confToken: number) => {
    const reply = await request(connection, { confToken });
    return reply.kind === "stop" ? Buffer.from(reply.body ?? "").toString() : reply.kind;
  };
  const confs: number[] = [];
  for (let i = 0; i < 20; i++) confs.push(await prepare(connection, [["it", `${i}`]]));
  await busy.send(prepareBytes(PRE_REQ, [["meter", ""]]));
  const meter = await nextReply(busy);
  const measure = async (): Promise<Memory> =>
    JSON.parse(await text(meter.kind === "conf-token" ? meter.token : 0));

  const last = confs.at(-1)!;
  const reload = async (number: number) => {
    // One call begins on the old code and ends after it has been replaced.
    await busy.send(requestBytes({ confToken: last, path: "/wait" }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });
    dir.write("it.ts", version(number));
    runner.process.kill("SIGHUP");
    // The last conf is the last to be prepared again.
    while ((await text(last)) !== `${number}!`);
    for (const conf of confs) expect(await text(conf)).toBe(`${number}!`);
    await busy.send(answerBytes("1"));
    expect(await nextReply(busy)).toMatchObject({ kind: "stop" });
  };

  const FIRST = 50;
  const LAST = 200;
  let number = 0;
  while (number < FIRST) await reload(++number);
  const before = await measure();
  while (number < LAST) await reload(++number);
  const after = await measure();

  // Whatever a reload left behind would be there as often as there were reloads.
  const reloads = LAST - FIRST;
  const left = Object.entries(after.live).filter(
    ([type, count]) => count - (before.live[type] ?? 0) >= reloads,
  );
  expect(left).toEqual([]);
  expect(after.rss - before.rss).toBeLessThan((reloads * MEBIBYTE) / 2);
  expect(runner.log.lines).toEqual([]);
}, 60_000);
