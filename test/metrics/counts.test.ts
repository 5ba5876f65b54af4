/** What calls and plugins come to, counted through the real codec and chain. */
import { beforeEach, describe, expect, test } from "bun:test";
import { definePlugin, HttpError, stop } from "../../src/index.ts";
import { EventLoopLag } from "../../src/metrics/event-loop-lag.ts";
import { BOUNDS, Histogram } from "../../src/metrics/histogram.ts";
import { Metrics } from "../../src/metrics/metrics.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";
import type { PluginHarness } from "../support/plugin-harness.ts";
import { Scraped } from "./scraped.ts";

const plugins = {
  pass: definePlugin({ request: () => undefined, response: () => undefined }),
  slow: definePlugin({ request: async () => void (await Bun.sleep(1)) }),
  header: definePlugin({ request: ({ request }) => request.headers.set("x-a", "b") }),
  argument: definePlugin({ request: ({ request }) => request.args.set("a", "b") }),
  path: definePlugin({ request: ({ request }) => void (request.path = "/other") }),
  body: definePlugin({ request: ({ request }) => void (request.body = "other") }),
  added: definePlugin({ request: ({ responseHeaders }) => responseHeaders.append("x-a", "b") }),
  reads: definePlugin({
    request: ({ request }) => void [...request.headers, ...request.args, request.path],
    response: ({ response }) => void [...response.headers, response.status],
  }),
  status: definePlugin({ response: ({ response }) => void (response.status = 404) }),
  sets: definePlugin({ response: ({ response }) => response.headers.set("x-a", "c") }),
  deletes: definePlugin({ response: ({ response }) => response.headers.delete("x-a") }),
  replaces: definePlugin({ response: ({ response }) => void (response.body = "other") }),
  answer: definePlugin({ request: () => stop("hi"), response: () => stop("hi") }),
  later: definePlugin({ request: async () => new Response("hi") }),
  refuses: definePlugin({
    request: () => {
      throw new HttpError(403);
    },
  }),
  fails: definePlugin({
    request: () => {
      throw new Error("x");
    },
    response: async () => {
      throw new Error("x");
    },
  }),
  forgiven: definePlugin({
    onError: "continue",
    request: () => {
      throw new Error("x");
    },
  }),
  forgivenLate: definePlugin({
    onError: "continue",
    request: ({ request }) => {
      request.headers.set("x-a", "b");
      throw new Error("x");
    },
  }),
  hangs: definePlugin({ timeout: 5, request: () => new Promise<void>(() => undefined) }),
  asks: definePlugin({
    request: async ({ request, vars }) => {
      await Promise.all([vars.get("a"), vars.get("a"), vars.get("b"), request.text()]);
    },
    response: async ({ response }) => void (await response.text()),
  }),
  tooMuch: definePlugin({
    request: ({ request }) => request.headers.set("x-a", "b".repeat(2 ** 24)),
  }),
};

let runner: PluginHarness;
let metrics: Metrics;

beforeEach(async () => {
  runner = await inlinePlugins(plugins);
  const { confs, strayErrors } = runner.runner;
  using lag = new EventLoopLag();
  metrics = new Metrics({
    confs,
    strayErrors,
    lag,
    version: "1.2.3",
    connections: () => 7,
    replacements: () => ({ unyielding: 1, memory: 2 }),
  });
  runner.runner.observer = metrics;
});

const scrape = () => Scraped.ofSnapshots(metrics.snapshot());

const chainOf = (names: string): [string, string][] => names.split(" ").map((name) => [name, ""]);

describe.each([
  ["pass", "nothing", { pass: "passed" }],
  ["slow", "nothing", { slow: "passed" }],
  ["reads", "nothing", { reads: "passed" }],
  ["header", "rewrite", { header: "rewrote" }],
  ["argument", "rewrite", { argument: "rewrote" }],
  ["path", "rewrite", { path: "rewrote" }],
  ["body", "rewrite", { body: "rewrote" }],
  ["added", "rewrite", { added: "rewrote" }],
  ["header pass", "rewrite", { header: "rewrote", pass: "passed" }],
  ["header argument", "rewrite", { header: "rewrote", argument: "rewrote" }],
  ["added header pass", "rewrite", { added: "rewrote", header: "rewrote", pass: "passed" }],
  ["header answer pass", "stop", { header: "rewrote", answer: "stopped", pass: undefined }],
  ["later", "stop", { later: "stopped" }],
  ["refuses", "stop", { refuses: "stopped" }],
  ["fails pass", "error", { fails: "failed", pass: undefined }],
  ["forgiven pass", "nothing", { forgiven: "failed", pass: "passed" }],
  ["forgivenLate pass", "rewrite", { forgivenLate: "failed", pass: "passed" }],
  ["hangs", "error", { hangs: "timeout" }],
  ["tooMuch", "error", { tooMuch: "rewrote" }],
])("request: %s", (chain, result, outcomes) => {
  test(`is ${result}`, async () => {
    await runner.request(chainOf(chain));
    const scraped = await scrape();
    expect(scraped.value("calls_total")).toBe(1);
    expect(scraped.value("calls_total", { phase: "request", result })).toBe(1);
    expect(scraped.value("call_duration_seconds_count", { phase: "request" })).toBe(1);
    expect(scraped.value("calls_in_progress")).toBe(0);
    for (const [plugin, outcome] of Object.entries(outcomes)) {
      const all = scraped.value("plugin_calls_total", { plugin, phase: "request" });
      expect(all).toBe(outcome === undefined ? undefined : 1);
      if (outcome === undefined) continue;
      expect(scraped.value("plugin_calls_total", { plugin, outcome })).toBe(1);
      expect(scraped.value("plugin_duration_seconds_count", { plugin })).toBe(1);
    }
  });
});

describe.each([
  ["pass", "nothing", "passed"],
  ["reads", "nothing", "passed"],
  ["status", "rewrite", "rewrote"],
  ["sets", "rewrite", "rewrote"],
  ["deletes", "rewrite", "rewrote"],
  ["replaces", "rewrite", "rewrote"],
  ["answer", "stop", "stopped"],
  ["fails", "error", "failed"],
])("response: %s", (plugin, result, outcome) => {
  test(`is ${result}`, async () => {
    await runner.response([[plugin, ""]], {
      headers: [
        ["x-a", "b"],
        ["x-b", "c"],
      ],
    });
    const scraped = await scrape();
    expect(scraped.value("calls_total", { phase: "response", result })).toBe(1);
    expect(scraped.value("calls_total")).toBe(1);
    const labels = { plugin, phase: "response", outcome };
    expect(scraped.value("plugin_calls_total", labels)).toBe(1);
  });
});

test("questions are counted as they are sent, once a variable", async () => {
  await runner.request(chainOf("asks"), { body: "x", vars: { a: "1" } });
  await runner.response(chainOf("asks"), { body: "x" });
  const scraped = await scrape();
  const count = (kind: string) => scraped.value("extra_info_duration_seconds_count", { kind });
  expect([count("var"), count("request-body"), count("response-body")]).toEqual([2, 1, 1]);
});

test("a client that goes is not an error", async () => {
  const began = Promise.withResolvers<void>();
  const chain = await inlinePlugins({
    waits: definePlugin({
      request: ({ signal }) =>
        new Promise<void>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          began.resolve();
        }),
    }),
  });
  chain.runner.observer = metrics;
  const call = chain.request([["waits", ""]]).catch(() => undefined);
  await began.promise;
  expect((await scrape()).value("calls_in_progress")).toBe(1);
  chain.disconnect();
  await call;
  await Bun.sleep(0);
  const scraped = await scrape();
  expect(scraped.value("calls_total", { result: "gone" })).toBe(1);
  expect(scraped.value("calls_total")).toBe(1);
  expect(scraped.value("plugin_calls_total", { plugin: "waits", outcome: "gone" })).toBe(1);
  expect(scraped.value("calls_in_progress")).toBe(0);
});

test("confs: prepared, refused, kept; a call that is refused before its chain is an error", async () => {
  await runner.request(chainOf("pass"));
  await runner.request(chainOf("pass"));
  await runner.request(chainOf("nothing-of-this-name"));
  await runner.response(chainOf("nothing-of-this-name"));
  const scraped = await scrape();
  expect(scraped.value("prepare_conf_total", { result: "token" })).toBe(3);
  expect(scraped.value("prepare_conf_total", { result: "refused" })).toBe(1);
  expect(scraped.value("confs")).toBe(3);
  expect(scraped.value("conf_bytes")).toBeGreaterThan(100);
  expect(scraped.value("calls_total", { phase: "response", result: "error" })).toBe(1);
});

test("durations are in seconds", async () => {
  await runner.request(chainOf("hangs"));
  const scraped = await scrape();
  const sum = scraped.value("plugin_duration_seconds_sum", { plugin: "hangs" }) ?? 0;
  expect(sum).toBeGreaterThan(0.004);
  expect(sum).toBeLessThan(60);
  const below = (le: string) =>
    scraped.value("plugin_duration_seconds_bucket", { plugin: "hangs", le });
  expect(below("0.0025")).toBe(0);
  expect([below("60"), below("+Inf")]).toEqual([1, 1]);
  expect(scraped.value("call_duration_seconds_sum")).toBeGreaterThanOrEqual(sum);
});

test("a histogram is given ms and bounded in seconds", () => {
  const histogram = new Histogram();
  for (const ms of [0.01, 20, 25, 25.1, 60_001]) histogram.add(ms);
  const { counts, sum } = histogram.figures();
  const bounded = counts.flatMap((count, i) => (count > 0 ? [[BOUNDS[i], count]] : []));
  expect(bounded).toEqual([
    [0.00001, 1],
    [0.025, 2],
    [0.05, 1],
    [undefined, 1],
  ]);
  expect(sum).toBeCloseTo(60.07111);
});

test("the process itself", async () => {
  runner.runner.strayErrors.report(new Error("x"), "unhandledRejection", 'say "hi"\\\n');
  const scraped = await scrape();
  expect(scraped.value("connections")).toBe(7);
  expect(scraped.value("replacements_total", { reason: "unyielding" })).toBe(1);
  expect(scraped.value("replacements_total", { reason: "memory" })).toBe(2);
  expect(scraped.value("resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(scraped.value("heap_bytes")).toBeGreaterThan(1e5);
  expect(scraped.value("cpu_seconds_total")).toBeGreaterThan(0);
  const startedAt = scraped.value("start_time_seconds") ?? 0;
  expect(Math.abs(Date.now() / 1000 - startedAt)).toBeLessThan(3600);
  expect(scraped.value("build_info", { version: "1.2.3", bun: Bun.version })).toBe(1);
  const stray = { kind: "unhandledRejection", plugin: 'say "hi"\\\n' };
  expect(scraped.value("stray_errors_total", stray)).toBe(1);
});
