import { expect, test } from "bun:test";
import { compare, readSavedRun } from "../../scripts/bench/compare.ts";
import { type BenchResult, figure } from "../../scripts/bench/results.ts";
import { TempDir } from "../support/temp-dir.ts";

function result(figures: Readonly<Record<string, readonly number[]>>): BenchResult {
  return {
    machine: { processor: "a machine", cores: 2, system: "Linux x64", bun: "1.0.0" },
    tools: "C",
    quick: false,
    figures: Object.entries(figures).map(([id, rounds]) => figure(id, id, "×", rounds)),
    growth: [],
    skipped: [],
  };
}

test("the change is that of the medians", () => {
  const [change] = compare(result({ a: [3, 3, 100] }), result({ a: [2, 2, 2] }));
  expect(change?.change).toBeCloseTo(0.5);
});

test.each([
  ["rounds that overlap", [2, 2.5, 3], [1, 1.5, 2], false],
  ["all rounds above", [2.1, 2.5, 3], [1, 1.5, 2], true],
  ["all rounds below", [0.5, 0.7, 0.9], [1, 1.5, 2], true],
])("%s", (_what, now, before, isClear) => {
  expect(compare(result({ a: now }), result({ a: before }))[0]?.isClear).toBe(isClear);
});

test("figures that only one has are left out", () => {
  const changes = compare(result({ a: [1], b: [1] }), result({ b: [1], c: [1] }));
  expect(changes.map(({ now }) => now.id)).toEqual(["b"]);
});

test("a saved run comes back as it was", async () => {
  using dir = new TempDir();
  const saved = result({ a: [1, 2, 3] });
  await Bun.write(dir.file("run.json"), JSON.stringify(saved));
  expect(await readSavedRun(dir.file("run.json"), { tools: "C" })).toEqual(saved);
});

test.each([
  ["none", undefined, "there is no saved run"],
  ["something else", [1], "holds no run of the bench"],
  ["one with other tools", { ...result({}), tools: "TypeScript" }, "--tools TypeScript"],
])("a saved run: %s", async (_what, content, message) => {
  using dir = new TempDir();
  const path = dir.file("run.json");
  if (content !== undefined) await Bun.write(path, JSON.stringify(content));
  await expect(readSavedRun(path, { tools: "C" })).rejects.toThrow(message);
});
