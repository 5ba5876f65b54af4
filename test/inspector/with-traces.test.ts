/** What the runner traced, laid over what the gateway knows. */
import { describe, expect, test } from "bun:test";
import type { InspectedPhase } from "../../src/inspector/model.ts";
import type { LogTrace, RunTrace } from "../../src/inspector/runner/traces.ts";
import { TraceBoard } from "../../src/inspector/trace-board.ts";
import { withLine, withRun } from "../../src/inspector/with-traces.ts";
import { requestPhase } from "./samples.ts";

const BEGAN = 1_000_000;
const STATE = { headers: [] };

function run(plugin: string, at: number, more: Partial<RunTrace> = {}): RunTrace {
  return {
    kind: "run",
    call: 1,
    phase: "request",
    plugin,
    source: `/plugins/${plugin}.ts`,
    at: BEGAN + at,
    duration: 1,
    did: "nothing",
    before: STATE,
    after: STATE,
    asked: [],
    ...more,
  };
}

function line(plugin: string, at: number, message: string): LogTrace {
  const view = { at: BEGAN + at, level: "info", message, fields: [] } as const;
  return { kind: "log", call: 1, route: "route#r", plugin, line: view };
}

/** Begins 1 ms after the request. */
const phase = (...names: string[]): InspectedPhase =>
  requestPhase(names.map((name) => ({ name, conf: "{}" })));

describe("a plugin's turn", () => {
  test("has its times as ms since the request began, and so have its questions", () => {
    const asked = [
      { kind: "var", name: "uri", answer: null, at: BEGAN + 2.5, duration: 0.2 },
    ] as const;
    const { plugins } = withRun(phase("a"), run("a", 2.25, { asked }), BEGAN);
    expect(plugins[0]?.ran).toMatchObject({ at: 2.25, duration: 1, asked: [{ at: 2.5 }] });
  });

  test("lies within its call, though two processes tell the time", () => {
    const asked = [
      { kind: "var", name: "uri", answer: null, at: BEGAN + 0.5, duration: 0.2 },
    ] as const;
    const { plugins } = withRun(phase("a"), run("a", 0.25, { asked }), BEGAN);
    expect(plugins[0]?.ran).toMatchObject({ at: 1, asked: [{ at: 1.25 }] });
  });

  test("is that of its name, in kebab or camel case, and of each where there are two", () => {
    const both = [run("my-plugin", 1), run("other", 2), run("my-plugin", 3)].reduce(
      (all, each) => withRun(all, each, BEGAN),
      phase("myPlugin", "other", "my-plugin", "never"),
    );
    expect(both.plugins.map(({ ran }) => ran?.at)).toEqual([1, 2, 3, undefined]);
  });

  test.each<[string, Partial<RunTrace>, string]>([
    ["went on", {}, "went on"],
    ["answered", { stopped: { status: 200, headers: [] } }, "stopped"],
    ["failed", { error: { name: "Error", message: "", stack: "" } }, "failed"],
  ])("%s", (_, more, kind) => {
    expect(withRun(phase("a"), run("a", 1, more), BEGAN).plugins[0]?.ran?.end).toMatchObject({
      kind,
    });
  });
});

describe("a line of the log", () => {
  const ran = [run("a", 1), run("a", 5)].reduce(
    (all, each) => withRun(all, each, BEGAN),
    phase("a", "a", "b"),
  );
  const messages = ({ plugins, log }: InspectedPhase) => [
    ...plugins.map((plugin) => plugin.ran?.log.map(({ message }) => message)),
    log.map(({ message }) => message),
  ];

  test("belongs to the turn that it was written in, in the order of time", () => {
    const lines = [line("a", 7, "later"), line("a", 6, "second"), line("a", 2, "first")];
    const all = lines.reduce((before, each) => withLine(before, each, BEGAN), ran);
    expect(messages(all)).toEqual([["first"], ["second", "later"], undefined, []]);
  });

  test("of a plugin whose turn did not come belongs to the call", () => {
    expect(messages(withLine(ran, line("b", 6, "refused"), BEGAN))).toEqual([
      [],
      [],
      undefined,
      ["refused"],
    ]);
  });
});

describe("until a request has ended", () => {
  test("its traces wait, and are given once; what comes later is told", () => {
    const late: [number, string][] = [];
    const board = new TraceBoard((call, { kind }) => late.push([call, kind]));
    board.add(run("a", 1));
    board.add(line("a", 1, "x"));
    expect(board.take(1)).toMatchObject({ runs: [{ plugin: "a" }], log: [{ plugin: "a" }] });
    expect(late).toEqual([]);
    board.add(line("a", 2, "y"));
    expect(late).toEqual([[1, "log"]]);
    expect(board.take(1)).toEqual({ runs: [], log: [] });
  });

  test("lines of a route's conf wait for whoever asks for that route", () => {
    const board = new TraceBoard(() => {});
    const { call: _, ...ofRoute } = line("a", 10, "the conf is wrong");
    board.add(ofRoute);
    expect(board.linesOf("route#r", BEGAN + 5)).toHaveLength(1);
    expect(board.linesOf("route#r", BEGAN + 11)).toHaveLength(0);
    expect(board.linesOf("route#other", BEGAN)).toHaveLength(0);
  });

  test("of calls that never end, only the last are kept", () => {
    const board = new TraceBoard(() => {});
    for (let call = 0; call < 2100; call++) board.add({ ...run("a", 1), call });
    expect(board.take(50).runs).toHaveLength(0);
    expect(board.take(2050).runs).toHaveLength(1);
  });
});
