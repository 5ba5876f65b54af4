/** Snapshots of several processes become one scrape. */
import { describe, expect, test } from "bun:test";
import { BOUNDS } from "../../src/metrics/histogram.ts";
import type { MetricsSnapshot } from "../../src/metrics/snapshot.ts";
import { CollectedFigures } from "../../src/metrics/worker-figures.ts";
import { Scraped } from "./scraped.ts";

/** As it comes from another process. */
function sent(snapshot: MetricsSnapshot): MetricsSnapshot {
  return JSON.parse(JSON.stringify(snapshot));
}

function worker(calls: number, longest: number): MetricsSnapshot {
  const counts = [calls, ...BOUNDS.map((_, i) => (i === longest ? 1 : 0))];
  return sent({
    apisix_bun_runner_calls_total: [
      { labels: { phase: "request", result: "stop" }, value: calls },
      { labels: { phase: "request", result: "error" }, value: 1 },
    ],
    apisix_bun_runner_call_duration_seconds: [
      { labels: { phase: "request" }, value: { counts, sum: calls } },
    ],
    apisix_bun_runner_confs: [{ labels: {}, value: calls }],
    apisix_bun_runner_start_time_seconds: [{ labels: {}, value: 1000 + calls }],
    apisix_bun_runner_build_info: [{ labels: { version: "1", bun: "2" }, value: 1 }],
  });
}

describe("two workers", async () => {
  const scraped = await Scraped.ofSnapshots(worker(3, 0), worker(5, BOUNDS.length - 1));

  test("counters are added up by their labels", () => {
    expect(scraped.value("calls_total", { result: "stop" })).toBe(8);
    expect(scraped.value("calls_total", { result: "error" })).toBe(2);
  });

  test("histograms are added up by bucket, and each bucket has those below", () => {
    const below = (le: string) => scraped.value("call_duration_seconds_bucket", { le });
    expect([below("0.00001"), below("0.000025"), below("60"), below("+Inf")]).toEqual([
      8, 9, 9, 10,
    ]);
    expect(scraped.value("call_duration_seconds_count")).toBe(10);
    expect(scraped.value("call_duration_seconds_sum")).toBe(8);
  });

  test("what all workers have is not counted twice", () => {
    expect(scraped.value("confs")).toBe(5);
    expect(scraped.value("start_time_seconds")).toBe(1005);
    expect(scraped.value("build_info")).toBe(1);
  });
});

test("a snapshot may have a part of the metrics only, such as that of a process that serves no calls", async () => {
  const supervisor = sent({
    apisix_bun_runner_replacements_total: [{ labels: { reason: "memory" }, value: 2 }],
  });
  const scraped = await Scraped.ofSnapshots(worker(1, 0), supervisor);
  expect(scraped.value("replacements_total", { reason: "memory" })).toBe(2);
  expect(scraped.value("calls_total", { result: "stop" })).toBe(1);
});

test("without any there is nothing to sum", async () => {
  expect((await Scraped.ofSnapshots()).scrape.size).toBe(0);
});

describe("figures of workers that come and go", () => {
  /** Of an image that began at `start`, on a processor for as many seconds as it has had calls. */
  const figures = (of: { worker: number; pid: number; start: number; calls: number }) => ({
    worker: of.worker,
    pid: of.pid,
    snapshot: sent({
      ...worker(of.calls, 0),
      apisix_bun_runner_start_time_seconds: [{ labels: {}, value: of.start }],
      apisix_bun_runner_cpu_seconds_total: [{ labels: {}, value: of.calls }],
    }),
  });
  const one = { worker: 1, pid: 11, start: 1, calls: 10 };
  const other = { worker: 2, pid: 12, start: 1, calls: 5 };

  async function scrape(collected: CollectedFigures, ...answers: (typeof one)[]) {
    const scraped = await Scraped.ofSnapshots(...collected.collect(answers.map(figures)));
    return {
      calls: scraped.value("calls_total", { result: "stop" }),
      timed: scraped.value("call_duration_seconds_count"),
      cpu: scraped.value("cpu_seconds_total"),
    };
  }

  test("what a worker counted that died stays in the sum", async () => {
    const collected = new CollectedFigures();
    expect(await scrape(collected, one, other)).toEqual({ calls: 15, timed: 17, cpu: 15 });
    const heir = { worker: 1, pid: 13, start: 2, calls: 1 };
    expect(await scrape(collected, heir, other)).toEqual({ calls: 16, timed: 19, cpu: 16 });
    expect(await scrape(collected, { ...heir, pid: 14, start: 3 }, other)).toEqual({
      calls: 17,
      timed: 21,
      cpu: 17,
    });
  });

  test("what a process goes on counting in its next image is not counted twice", async () => {
    const collected = new CollectedFigures();
    await scrape(collected, one);
    expect(await scrape(collected, { ...one, start: 2, calls: 12 })).toEqual({
      calls: 22,
      timed: 24,
      cpu: 12,
    });
  });

  test("one that does not answer counts as before, but for what is true of one moment", async () => {
    const collected = new CollectedFigures();
    await scrape(collected, one, other);
    const snapshots = collected.collect([figures(other)]);
    const scraped = await Scraped.ofSnapshots(...snapshots);
    expect(scraped.value("calls_total", { result: "stop" })).toBe(15);
    expect(scraped.value("confs")).toBe(5);
  });
});
