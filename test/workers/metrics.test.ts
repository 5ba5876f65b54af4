/** The metrics of a runner with workers, in the executable: one scrape has the figures of all. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { prepare, request } from "../support/encode.ts";
import { TempDir } from "../support/temp-dir.ts";
import { Scraped } from "../metrics/scraped.ts";
import { until, Workers } from "./workers.ts";

setDefaultTimeout(60_000);

test("a scrape has what all workers have counted, of one that was killed too", async () => {
  using dir = new TempDir();
  const unix = dir.file("metrics.sock");
  await using workers = await Workers.start({ more: ["--metrics-listen", `unix:${unix}`] });
  const scrape = async () => {
    const response = await fetch("http://runner/metrics", { unix });
    return Scraped.of(await response.text());
  };
  const calls = async () => (await scrape()).value("calls_total", { result: "stop" });
  const each = await workers.oneEach();
  const before = (await calls()) ?? 0;
  for (const [worker, connection] of each) {
    const token = await prepare(connection, [["who", ""]]);
    for (let id = 0; id < 5; id++) await request(connection, { id, confToken: token });
    expect(workers.pids).toContain(worker);
  }
  expect(await calls()).toBe(before + 10);
  expect((await scrape()).value("connections")).toBeGreaterThanOrEqual(2);

  const [killed = 0] = each.keys();
  process.kill(killed, "SIGKILL");
  await until(() => workers.pids.length === 2 && !workers.pids.includes(killed));
  const fresh = await workers.oneEach();
  const more = (await calls()) ?? 0;
  expect(more).toBeGreaterThanOrEqual(before + 12);
  for (const connection of fresh.values()) {
    await request(connection, { confToken: await prepare(connection, [["who", ""]]) });
  }
  expect(await calls()).toBe(more + 2);
});
