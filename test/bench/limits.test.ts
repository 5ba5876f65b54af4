import { describe, expect, test } from "bun:test";
import { exitCode, judge, LIMITS } from "../../scripts/bench/limits.ts";
import { figure } from "../../scripts/bench/results.ts";

function verdictOf(id: string, rounds: readonly number[], tools: "C" | "TypeScript" = "C") {
  const [judgement] = judge({ tools, figures: [figure(id, "a figure", "×", rounds)] });
  return judgement?.verdict;
}

describe("a figure", () => {
  test.each([
    ["at its limit", "start", [1.25], "ok"],
    ["over it", "start", [1.26], "over"],
    ["that must reach its limit, at it", "bodies.request.1", [0.5], "ok"],
    ["that must reach its limit, below it", "bodies.request.1", [0.49], "over"],
    ["beyond what was aimed for but not the limit", "cpu.stop", [2], "ok"],
    ["with one bad round", "start", [1, 9, 1], "ok"],
    ["with one good round", "start", [9, 1, 9], "over"],
    ["without a limit", "start.own", [1e9], undefined],
  ] as const)("%s", (_what, id, rounds, verdict) => {
    expect(verdictOf(id, rounds)).toBe(verdict);
  });

  test.each(LIMITS.filter(({ toFloor }) => toFloor).map(({ id }) => id))(
    "%s is not judged by a floor in TypeScript",
    (id) => {
      expect(verdictOf(id, [1], "TypeScript")).toBe("not judged");
    },
  );
});

test("no figure has two limits", () => {
  expect(new Set(LIMITS.map(({ id }) => id)).size).toBe(LIMITS.length);
});

describe("the exit code", () => {
  const codeOf = (rounds: Readonly<Record<string, number>>, tools: "C" | "TypeScript" = "C") =>
    exitCode(
      judge({
        tools,
        figures: Object.entries(rounds).map(([id, value]) => figure(id, id, "×", [value])),
      }),
    );

  test("is 0 where all is within", () => {
    expect(codeOf({ start: 1, "latency.32": 1 })).toBe(0);
  });

  test("is 1 where one of several is over", () => {
    expect(codeOf({ start: 1, "latency.32": 99 })).toBe(1);
  });

  test("is 1 where there was nothing to judge", () => {
    expect(codeOf({ "start.own": 1 })).toBe(1);
  });

  test("is 1 where nothing could be judged", () => {
    expect(codeOf({ "cpu.stop": 1 }, "TypeScript")).toBe(1);
  });
});
