/** Time that a test moves: for plugins, and for the runner's own deadlines. */
import { afterEach, expect, test } from "bun:test";
import { resolve } from "node:path";
import { definePlugin, stop } from "apisix-bun-runner";
import { expectAction, fakeTime, testPlugin } from "apisix-bun-runner/testing";
import { TempDir } from "../support/temp-dir.ts";

const realNow = Date.now;
const realSetTimeout = globalThis.setTimeout;

afterEach(() => {
  expect(Date.now).toBe(realNow);
  expect(globalThis.setTimeout).toBe(realSetTimeout);
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("stands still until it is moved, for every clock alike", async () => {
  using time = fakeTime(Date.UTC(2030, 0, 1));
  const began = performance.now();
  expect(new Date().toISOString()).toBe("2030-01-01T00:00:00.000Z");
  await time.advance(1500);
  expect(Date.now()).toBe(Date.UTC(2030, 0, 1) + 1500);
  expect(time.now).toBe(Date.now());
  expect(performance.now() - began).toBe(1500);
});

test("runs timers at their time, with what they start", async () => {
  using time = fakeTime(0);
  const ran: string[] = [];
  const note = (what: string): unknown => ran.push(`${what} at ${Date.now()}`);
  const interval = setInterval(() => note("interval"), 400);
  const chain = async () => {
    await wait(100);
    note("first");
    await wait(100);
    note("second");
  };
  void chain();
  clearTimeout(setTimeout(() => note("never"), 150));
  expect(time.timers).toBe(2);
  await time.advance(199);
  expect(ran).toEqual(["first at 100"]);
  await time.advance(700);
  expect(ran).toEqual(["first at 100", "second at 200", "interval at 400", "interval at 800"]);
  clearInterval(interval);
  expect(time.timers).toBe(0);
});

test("reaches what waits behind promises before and after a timer", async () => {
  using time = fakeTime();
  const plugin = definePlugin({
    async request({ request, vars }) {
      await request.text();
      await wait(1000);
      return stop(await vars.get("uri"));
    },
  });
  const tested = await testPlugin(plugin);
  let result: Awaited<ReturnType<typeof tested.request>> | undefined;
  void tested.request("/slow").then((settled) => (result = settled));
  await time.advance(999);
  expect(result).toBeUndefined();
  await time.advance(1);
  expect(result).toMatchObject({ action: "stop" });
});

test("reaches the deadline of a hook", async () => {
  using time = fakeTime();
  const plugin = definePlugin({ request: () => new Promise<never>(() => {}) });
  const call = (await testPlugin(plugin, { timeout: 30_000 })).request();
  await time.advance(30_000);
  const result = await call;
  expectAction(result, "error");
  expect(result.message).toContain("no answer within 30000 ms");
});

test("is real again afterwards, as are the timers", async () => {
  const began = realNow();
  {
    using time = fakeTime(0);
    await time.advance(10);
  }
  expect(Date.now()).toBeGreaterThanOrEqual(began);
  await wait(1);
});

test("and samples work in a program that is no test", () => {
  using dir = new TempDir();
  const kit = resolve(import.meta.dir, "../../src/testing.ts");
  dir.write(
    "program.ts",
    `import { fakeTime, runSamples } from ${JSON.stringify(kit)};
     using time = fakeTime(0);
     let ran = false;
     setTimeout(() => { ran = true; }, 1000);
     await time.advance(1000);
     const samples = [{ config: "x" }, { request: "/", expect: { status: 200 } }];
     const results = await runSamples({ samples, request() {} });
     console.log(JSON.stringify([ran, Date.now(), results.map(({ passed }) => passed)]));`,
  );
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "program.ts"], { cwd: dir.path });
  expect(stderr.toString()).toBe("");
  expect(stdout.toString()).toBe("[true,1000,[true,false]]\n");
});
