import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/log/clock.ts";

const folder = mkdtempSync(join(tmpdir(), "log-clock-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("what waits runs when its time has come, in that order, again and again", async () => {
  const clock = systemClock(1);
  for (let round = 0; round < 3; round++) {
    const order: string[] = [];
    const start = performance.now();
    await new Promise<void>((resolve) => {
      clock.after(30, () => {
        order.push("late");
        resolve();
      });
      clock.after(10, () => order.push("early"));
      clock.after(15, () => order.push("cancelled"))();
    });
    expect(order).toEqual(["early", "late"]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(30);
  }
});

test("what a plugin's record waits for outlives the plugin", async () => {
  const file = join(folder, "plugin.ts");
  writeFileSync(file, "export const call = (run: () => void) => run();");
  const clock = systemClock(1);
  const graph = new Bun.ModuleGraph();
  const plugin = await graph.import(file);
  const { promise, resolve } = Promise.withResolvers<void>();
  let isInside = false;
  graph.run(plugin.call, () => {
    isInside = Bun.ModuleGraph.current === graph;
    clock.after(1, resolve);
  });
  graph.dispose();
  expect(isInside).toBe(true);
  await promise;
});
