/** Several processes behind one socket, in the executable: who gets what, and what each of them knows. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  nextReply,
  nextToken,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
} from "../support/encode.ts";
import { frameBytes } from "../support/fixtures.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { answerer, tally, textOf, until, Workers } from "./workers.ts";

setDefaultTimeout(60_000);

/** Each worker's share of the connections, which may be 25 % off. */
function expectEven(counts: ReadonlyMap<number, number>, workers: number, total: number): void {
  expect(counts.size).toBe(workers);
  const share = total / workers;
  for (const count of counts.values()) {
    expect(count).toBeWithin(share * 0.75, share * 1.25 + Number.EPSILON);
  }
}

describe("connections", () => {
  test.each([
    [2, 32],
    [3, 32],
    [4, 200],
  ])("are spread over %d workers, %d at once and before they are ready", async (size, count) => {
    await using workers = await Workers.start({ workers: size });
    const connections = await workers.connectMany(count);
    const token = await prepare(connections[0]!, [["who", ""]]);
    const pids = await Promise.all(connections.map((one) => answerer(one, token)));
    expectEven(tally(pids), size, count);
    expect(new Set(pids)).toEqual(new Set(workers.pids));
  });

  test("go to the worker with the fewest, when many of another's have closed", async () => {
    await using workers = await Workers.start();
    const connections = await workers.connectMany(32);
    const token = await prepare(connections[0]!, [["who", ""]]);
    const pids = await Promise.all(connections.map((one) => answerer(one, token)));
    const [first] = pids;
    const closed = connections.filter((_, i) => pids[i] === first);
    for (const connection of closed) connection[Symbol.dispose]();
    // Whichever of the two happens first: new ones go there, or those that are left are shared.
    const fresh = await workers.connectMany(16);
    const open = [...connections.filter((_, i) => pids[i] !== first), ...fresh];
    await until(async () => {
      const now = tally(await Promise.all(open.map((one) => answerer(one, token))));
      return now.size === 2 && Math.min(...now.values()) >= 12;
    });
  });

  test("are shared with a worker that has been started again", async () => {
    await using workers = await Workers.start();
    const connections = await workers.connectMany(32);
    const token = await prepare(connections[0]!, [["who", ""]]);
    const pids = await Promise.all(connections.map((one) => answerer(one, token)));
    const [killed = 0] = workers.pids;
    process.kill(killed, "SIGKILL");
    const left = connections.filter((_, i) => pids[i] !== killed);
    await until(async () => {
      const now = tally(await Promise.all(left.map((one) => answerer(one, token))));
      return now.size === 2 && Math.min(...now.values()) >= 6;
    });
  });
});

describe("a conf", () => {
  test("that one worker has prepared is known to all when its token comes", async () => {
    await using workers = await Workers.start({ workers: 3 });
    const each = await workers.oneEach();
    const [first, ...others] = each.values();
    for (let i = 0; i < 50; i++) {
      const token = await prepare(first!, [["who", `conf ${i}`]]);
      const pids = await Promise.all(others.map((other) => answerer(other, token)));
      expect(new Set([...pids, await answerer(first!, token)])).toEqual(new Set(each.keys()));
    }
  });

  test("has one token, whoever prepares it, and its state is each worker's own", async () => {
    await using workers = await Workers.start();
    const [one, other] = [...(await workers.oneEach()).values()];
    const token = await prepare(one!, [["count", ""]]);
    expect(await prepare(other!, [["count", ""]])).toBe(token);
    const say = async (connection: typeof one) =>
      textOf(await request(connection!, { confToken: token })).split(" ")[1];
    expect([await say(one), await say(one), await say(other)]).toEqual(["1", "2", "1"]);
    expect(await prepare(other!, [["count", ""]])).toBe(token);
    expect(await say(one)).toBe("3");
  });

  test("of a genuine APISIX is known to every worker, and a token from elsewhere to none", async () => {
    await using workers = await Workers.start();
    const [one, other] = [...(await workers.oneEach()).values()];
    await one!.send(frameBytes("go-go-say.prepare-conf.bin"));
    const confToken = await nextToken(one!);
    for (const connection of [one!, other!]) {
      expect((await request(connection, { confToken })).kind).toBe("stop");
      await connection.send(frameBytes("go-go-say.http-req-call.bin"));
      expect(await nextReply(connection)).toEqual({ kind: "error", code: "CONF_TOKEN_NOT_FOUND" });
    }
  });

  test("that nobody has prepared is not found", async () => {
    await using workers = await Workers.start();
    using connection = await workers.connect();
    expect(await request(connection, { confToken: 12_345 })).toEqual({
      kind: "error",
      code: "CONF_TOKEN_NOT_FOUND",
    });
  });

  test("whose hash is another's has a token of its own in every worker", async () => {
    await using workers = await Workers.start();
    const [one, other] = [...(await workers.oneEach()).values()];
    const [a, b] = collidingConfs();
    // Each is prepared by another worker, which by itself would give both the same token.
    const [tokenOfA, tokenOfB] = await Promise.all([
      prepare(one!, [["say", a]]),
      prepare(other!, [["say", b]]),
    ]);
    expect(tokenOfA).not.toBe(tokenOfB);
    for (const connection of [one!, other!]) {
      const said = async (confToken: number) => textOf(await request(connection, { confToken }));
      expect(await said(tokenOfA)).toBe(JSON.parse(a).body);
      expect(await said(tokenOfB)).toBe(JSON.parse(b).body);
    }
  });

  test("that is refused is refused by every worker", async () => {
    await using workers = await Workers.start();
    for (const connection of (await workers.oneEach()).values()) {
      await connection.send(prepareBytes(PRE_REQ, [["nobody", ""]]));
      expect(await nextReply(connection)).toEqual({ kind: "error", code: "BAD_REQUEST" });
    }
  });
});

/** Two confs of `say` that xxHash32 does not tell apart. */
function collidingConfs(): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const value = JSON.stringify({ body: `body ${i}` });
    const hash = Bun.hash.xxHash32(JSON.stringify(["route#r1#ext-plugin-pre-req", ["say", value]]));
    const other = seen.get(hash);
    if (other !== undefined) return [other, value];
    seen.set(hash, value);
  }
}

describe("settings", () => {
  test.each(["-1", "many", "1.5", "257", "2 workers"])("workers=%s is an error", async (value) => {
    const { code, log } = await RunnerProcess.startAndExit({
      args: ["start", `--workers=${value}`],
    });
    expect(code).toBe(2);
    expect(log.text).toContain(
      `--workers: workers is ${JSON.stringify(value)}; allowed: a whole number from 0 to 256, or auto for as many as there are processors`,
    );
  });

  test("auto is as many as there are processors", async () => {
    await using workers = await Workers.start({ workers: "auto" });
    await until(() => workers.pids.length === navigator.hardwareConcurrency);
  });

  test("0 is one process", async () => {
    await using workers = await Workers.start({ workers: 0 });
    using connection = await workers.connect();
    const token = await prepare(connection, [["who", ""]]);
    expect(await answerer(connection, token)).toBe(workers.supervisor);
    expect(workers.pids).toEqual([]);
  });
});

describe("the log", () => {
  test("says which worker a line is of, and its process id", async () => {
    await using workers = await Workers.start({ more: ["--log-level=info"] });
    const { log } = workers.runner;
    const [one, other] = await Promise.all(
      [1, 2].map((n) => log.line(`is ready worker=${n} pid=`)),
    );
    const pids = [one, other].map((line) => Number(/pid=(\d+)/.exec(line ?? "")?.[1]));
    expect(new Set(pids)).toEqual(new Set(workers.pids));
    expect(await log.line("listening")).toContain(`pid=${workers.supervisor} workers=2`);
    const each = await workers.oneEach();
    for (const [i, pid] of pids.entries()) {
      const connection = each.get(pid)!;
      const confToken = await prepare(
        connection,
        [["missing", ""]],
        "route#r#ext-plugin-post-resp#1",
      );
      expect(confToken).toBeNumber();
      await request(connection, { confToken });
      await log.line(new RegExp(`there is no plugin of this name.* worker=${i + 1} `));
    }
  });

  test("is one file for all, whose lines are whole", async () => {
    const plugins = {
      loud: `
        import { definePlugin, stop } from "apisix-bun-runner";
        let n = 0;
        export default definePlugin({
          request({ log }) {
            for (let i = 0; i < 20; i++) log.error("x".repeat(3000), { pid: process.pid, n: n++ });
            return stop("said");
          },
        });`,
    };
    using dir = new TempDir();
    const file = dir.file("runner.log");
    const more = [`--log-file=${file}`, "--log-format=json"];
    await using workers = await Workers.start({ plugins, more });
    const each = [...(await workers.oneEach()).values()];
    const confToken = await prepare(each[0]!, [["loud", ""]]);
    for (let i = 0; i < 10; i++) {
      await Promise.all(each.map((connection) => request(connection, { confToken })));
    }
    const lines = (await Bun.file(file).text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const mine = lines.filter(({ n }) => n !== undefined);
    expect(mine).toHaveLength(400);
    const byWorker = tally(mine.map(({ worker }) => Number(worker)));
    expect([byWorker.get(1), byWorker.get(2)]).toEqual([200, 200]);
  });
});

test("a plugin that keeps something in memory is told that others do not see it", async () => {
  await using workers = await Workers.start();
  const [one, other] = [...(await workers.oneEach()).values()];
  const confToken = await prepare(one!, [["keeps", ""]]);
  expect(textOf(await request(one!, { confToken }))).toBe("1");
  expect(textOf(await request(other!, { confToken }))).toBe("1");
  const line = await workers.runner.log.line("each of the 2 workers has its own");
  expect(line).toContain("set store.url to sqlite:/path");
});

test("one worker has the store to itself, and so has a file, and nothing is said", async () => {
  await using one = await Workers.start({ workers: 1 });
  using connection = await one.connect();
  const confToken = await prepare(connection, [["keeps", ""]]);
  expect(textOf(await request(connection, { confToken }))).toBe("1");
  expect(one.runner.log.lines).toEqual([]);
});
