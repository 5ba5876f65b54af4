/** Clients that stall, say nothing, do not listen or go: the others are served all the same. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
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

const PLUGINS = {
  /** Keeps the process from doing anything else for as many ms as the conf says. */
  "spin.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ config }) {
        const end = performance.now() + Number(config);
        while (performance.now() < end);
        return stop("spun");
      },
    });`,
  "asks.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ vars, log }) {
        try {
          return stop(await vars.get("when"));
        } finally {
          log.error("a call has ended");
        }
      },
    });`,
  /** Asks again after APISIX has gone. */
  "persists.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ vars, log }) {
        await vars.get("first").catch(() => undefined);
        await vars.get("second").catch((error) => log.error("gave up", { error }));
        return stop("never seen");
      },
    });`,
  "large.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({ request: () => stop("x".repeat(8_000_000)) });`,
};

const SAY = [["say", '{"body":"hi"}']] as const;

const plugins = new TempDir();
let runner: RunnerProcess;

beforeAll(async () => {
  for (const [name, source] of Object.entries(PLUGINS)) plugins.write(name, source);
  runner = await startRunner();
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  plugins[Symbol.dispose]();
});

function startRunner(level = "warn"): Promise<RunnerProcess> {
  return RunnerProcess.start({
    args: ["start", "--plugins", plugins.path, "--log-level", level],
  });
}

const connect = (to = runner) => RawConnection.connect(to.socket);

/** A request of somebody who behaves. */
async function expectServed(by = runner): Promise<void> {
  using connection = await connect(by);
  const confToken = await prepare(connection, SAY);
  expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
}

describe("while others are served", () => {
  test("1000 clients connect and do nothing", async () => {
    const idle: RawConnection[] = [];
    while (idle.length < 1000) {
      idle.push(...(await Promise.all(Array.from({ length: 100 }, () => connect()))));
      // By then those have been accepted: fewer than may wait to be.
      await expectServed();
    }
    await expectServed();
    // They are still connections like any other.
    await expectServedOn(idle[999]!);
    for (const connection of idle) connection[Symbol.dispose]();
  });

  test("100 clients announce 16 MiB, or begin to, and stall", async () => {
    const stalled = await Promise.all(Array.from({ length: 100 }, () => connect()));
    await Promise.all(
      stalled.map((connection, i) =>
        connection.send(Buffer.from([2, 0xff, 0xff, 0xff].slice(0, 1 + (i % 4)))),
      ),
    );
    await expectServed();
    for (const connection of stalled) connection[Symbol.dispose]();
  });

  test("10 clients ask for large replies and read nothing", async () => {
    const deaf = await Promise.all(Array.from({ length: 10 }, () => connect()));
    const confToken = await prepare(deaf[0]!, [["large", ""]]);
    for (const connection of deaf) connection.pause();
    // Each would be sent 8 GB in all.
    const calls = Buffer.concat(Array(1000).fill(requestBytes({ confToken })));
    for (const connection of deaf) void connection.send(calls);
    await expectServed();
    // One reply each is kept, with what it was made in; 1000 would be gigabytes.
    expect(runner.resident).toBeLessThan(800 * 2 ** 20);
    for (const connection of deaf) connection[Symbol.dispose]();
    await expectServed();
  });
});

async function expectServedOn(connection: RawConnection): Promise<void> {
  const confToken = await prepare(connection, SAY);
  expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
}

test("2000 clients that connect while a plugin spins for 200 ms all get an answer", async () => {
  await using spinning = await startRunner("debug");
  using spinner = await connect(spinning);
  const spin = await prepare(spinner, [["spin", "200"]]);
  const confToken = await prepare(spinner, SAY);
  await spinning.log.line("may wait to be accepted");
  await spinner.send(requestBytes({ confToken: spin }));
  const replies = await Promise.all(
    Array.from({ length: 2000 }, async () => {
      using connection = await connect(spinning);
      return (await request(connection, { confToken })).kind;
    }),
  );
  expect(replies.filter((kind) => kind === "stop")).toHaveLength(2000);
});

describe("a client goes", () => {
  let confToken: number;
  let asking: number;

  beforeAll(async () => {
    using connection = await connect();
    confToken = await prepare(connection, SAY);
    asking = await prepare(connection, [["asks", ""]]);
  });

  const call = () => requestBytes({ confToken });
  const askingCall = () => requestBytes({ confToken: asking });

  const STATES: readonly (readonly [
    when: string,
    until: (it: RawConnection) => Promise<unknown>,
  ])[] = [
    ["before it sends", async () => undefined],
    ["within a header", (it) => it.send(call().subarray(0, 2))],
    ["after a header", (it) => it.send(call().subarray(0, 4))],
    ["within a payload", (it) => it.send(call().subarray(0, 30))],
    ["before it reads a reply", (it) => it.send(call())],
    ["with calls waiting behind one that asks", (it) => it.send(askingCall(), call(), call())],
    [
      "while a question is open",
      async (it) => {
        await it.send(askingCall());
        await nextReply(it);
      },
    ],
    [
      "within an answer",
      async (it) => {
        await it.send(askingCall());
        await nextReply(it);
        await it.send(answerBytes("x".repeat(100)).subarray(0, 50));
      },
    ],
    [
      "with half a reply written",
      async (it) => {
        const large = await prepare(it, [["large", ""]]);
        it.pause();
        await it.send(requestBytes({ confToken: large }), call());
      },
    ],
    ["within a PrepareConf", (it) => it.send(prepareBytes(PRE_REQ, SAY).subarray(0, 20))],
  ];

  test.each(STATES)("%s", async (_when, until) => {
    const before = descriptors(runner);
    for (let i = 0; i < 20; i++) {
      using connection = await connect();
      await until(connection);
    }
    await expectServed();
    // A runner that has just begun opens some of its own.
    while (descriptors(runner) > before + 10) await new Promise(setImmediate);
    expect(runner.log.text).not.toContain("that nothing caught");
    expect(runner.log.text).not.toContain("could not be handled");
    expect(runner.process.exitCode).toBeNull();
  });

  test("and is not counted any more", async () => {
    await using own = await startRunner("info");
    for (let i = 0; i < 50; i++) {
      using connection = await connect(own);
      await connection.send(call().subarray(0, i));
    }
    // Once the second of these is answered, what came before has been looked at.
    await expectServed(own);
    await expectServed(own);
    await own.stop();
    const counted = /connections=(\d+)/.exec(await own.log.line("stopping"))?.[1];
    expect(Number(counted)).toBeLessThan(5);
  });

  test("and the call under way ends at once", async () => {
    await using own = await startRunner();
    using connection = await connect(own);
    const token = await prepare(connection, [["asks", ""]]);
    await connection.send(requestBytes({ confToken: token }));
    await nextReply(connection);
    connection[Symbol.dispose]();
    await own.log.line("a call has ended");
  });

  test("and a plugin that asks on is told so, instead of waiting for its deadline", async () => {
    await using own = await startRunner();
    using connection = await connect(own);
    const token = await prepare(connection, [["persists", ""]]);
    await connection.send(requestBytes({ confToken: token }));
    await nextReply(connection);
    connection[Symbol.dispose]();
    expect(await own.log.line("gave up")).toContain("APISIX closed the connection");
  });
});

test("a client that stalls does not keep a runner from going", async () => {
  await using own = await startRunner();
  using connection = await connect(own);
  await connection.send(Buffer.from([2, 0, 1]));
  expect(await own.stop()).toBe(0);
});

function descriptors({ process: { pid } }: RunnerProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
