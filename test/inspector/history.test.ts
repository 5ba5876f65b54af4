/** What is kept, and for how long. */
import { expect, test } from "bun:test";
import { History } from "../../src/inspector/history.ts";
import type { HistoryEvent } from "../../src/inspector/wire.ts";
import { inspected, ranPlugin, requestPhase } from "./samples.ts";

test("so many requests, then the oldest goes", () => {
  const history = new History({ requests: 3 });
  for (let id = 1; id <= 5; id++) history.put(inspected({ id }));
  expect(history.summaries().map(({ id }) => id)).toEqual([3, 4, 5]);
  expect(history.get(2)).toBeUndefined();
});

test("so many bytes, then the oldest goes; the newest stays whatever its size", () => {
  const history = new History({ bytes: 100_000 });
  const large = { size: 60_000, text: "x".repeat(60_000) };
  history.put(inspected({ id: 1, responseBody: large }));
  history.put(inspected({ id: 2, responseBody: large }));
  expect(history.summaries().map(({ id }) => id)).toEqual([2]);
  history.put(inspected({ id: 3, responseBody: { size: 200_000, text: "x".repeat(200_000) } }));
  expect(history.summaries().map(({ id }) => id)).toEqual([3]);
  history.put(inspected({ id: 4 }));
  expect(history.summaries().map(({ id }) => id)).toEqual([4]);
});

test("a request that is told of again and again counts once", () => {
  const history = new History({ bytes: 100_000 });
  const large = { size: 40_000, text: "x".repeat(40_000) };
  history.put(inspected({ id: 1, responseBody: large }));
  for (let i = 0; i < 10; i++) history.put(inspected({ id: 2, responseBody: large }));
  expect(history.summaries().map(({ id }) => id)).toEqual([1, 2]);
});

test("more that is known of a request takes its place", () => {
  const history = new History();
  const told: HistoryEvent[] = [];
  history.subscribe((event) => told.push(event));
  history.put(inspected({ phases: [requestPhase([{ name: "a", conf: "{}" }])] }));
  history.put(inspected({ phases: [requestPhase([ranPlugin("a", { end: failed })])] }));
  expect(history.summaries()).toMatchObject([{ id: 1, failed: true }]);
  expect(told.map((event) => event.kind === "request" && event.summary.failed)).toEqual([
    false,
    true,
  ]);
});

const failed = { kind: "failed", error: { name: "Error", message: "", stack: "" } } as const;

test("text is found anywhere but in base64", () => {
  const history = new History();
  history.put(inspected({ id: 1, headers: [["X-Tenant", "ACME"]] }));
  history.put(inspected({ id: 2, responseBody: { size: 4, base64: "acmeacme" } }));
  history.put(inspected({ id: 3, responseBody: { size: 4, text: "of acme" } }));
  expect(history.search("acme")).toEqual([1, 3]);
  expect(history.search("x-tenant")).toEqual([1]);
  expect(history.search("nowhere")).toEqual([]);
});
