/** Reloads under load between runners with workers and without, as APISIX does them. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { reloadTrial, type TrialOptions } from "../../scripts/reloads/trial.ts";
import { nextReply, prepare, requestBytes } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { FakeSuccessor } from "../support/fake-successor.ts";
import { answerer, pidOf, until, Workers } from "./workers.ts";

setDefaultTimeout(120_000);

const KINDS: readonly (readonly [string, readonly number[]])[] = [
  ["from one process to workers, and back", [0, 2]],
  ["from workers to workers", [2, 2]],
  ["from one worker to three, and back", [1, 3]],
];

const LOADS: readonly TrialOptions["load"][] = ["ready", "waiting", "bodies"];

describe.each(KINDS)("%s", (_kind, workers) => {
  test.each(LOADS)("%s: no call is lost", async (load) => {
    const reloads = load === "ready" ? 10 : 4;
    const result = await reloadTrial({ executable, reloads, load, pause: 5, workers });
    const { calls, failures, wrong, left, log } = result;
    expect({ failures, wrong, left, log }).toEqual({ failures: {}, wrong: 0, left: [], log: "" });
    expect(calls).toBeGreaterThan(32);
  });

  test("without a handover: connections are closed when they are idle, and runners go in time", async () => {
    const result = await reloadTrial({
      executable,
      reloads: 2,
      load: "ready",
      pause: 100,
      workers,
      withoutHandover: true,
    });
    expect(result).toMatchObject({ wrong: 0, left: [], killed: 0 });
  });
});

describe("a successor", () => {
  // What is lost here is lost in some of the times only.
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "that dies with connections on their way leaves them to the workers, %d",
    async () => {
      await using workers = await Workers.start();
      const pool = await workers.connectMany(20);
      const who = await prepare(pool[0]!, [["who", ""]]);
      await until(() => existsSync(`${workers.runner.socket}.next`));
      const successor = await FakeSuccessor.greet(`${workers.runner.socket}.next`);
      successor.say({ say: "ready" });
      await successor.heard('"kind":"connection"');
      for (const connection of pool) await connection.send(requestBytes({ confToken: who }));
      successor[Symbol.dispose]();
      const pids = await Promise.all(pool.map(async (one) => pidOf(await nextReply(one))));
      expect(new Set(pids).size).toBeLessThanOrEqual(2);
      using fresh = await workers.connect();
      expect(workers.pids).toContain(await answerer(fresh, who));
    },
  );

  test("that refuses them has the workers go on with them", async () => {
    await using workers = await Workers.start();
    const pool = await workers.connectMany(100);
    const who = await prepare(pool[0]!, [["who", ""]]);
    await until(() => existsSync(`${workers.runner.socket}.next`));
    using successor = await FakeSuccessor.greet(`${workers.runner.socket}.next`);
    successor.refuseAll();
    successor.say({ say: "ready" });
    await successor.heard('"kind":"connection"');
    for (let i = 0; i < 3; i++) {
      const pids = await Promise.all(pool.map((one) => answerer(one, who)));
      expect(workers.pids).toEqual(expect.arrayContaining([...new Set(pids)]));
    }
  });

  test("may have what it has not said to have: none of it is read here at the end", async () => {
    await using workers = await Workers.start();
    const pool = await workers.connectMany(20);
    const who = await prepare(pool[0]!, [["who", ""]]);
    await until(() => existsSync(`${workers.runner.socket}.next`));
    using successor = await FakeSuccessor.greet(`${workers.runner.socket}.next`);
    successor.say({ say: "ready" });
    // The listener is the first, and all of the pool is under way at once.
    await successor.heard('"number":20}');
    for (const connection of pool) await connection.send(requestBytes({ confToken: who }));
    expect(await workers.runner.stop()).toBe(0);
    expect(pool.map(({ pending }) => pending)).toEqual(pool.map(() => 0));
  });
});
