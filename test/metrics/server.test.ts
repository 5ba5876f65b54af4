/** The metrics of the executable, as they are scraped. */
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { prepare, request, requestBytes } from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { Scraped } from "./scraped.ts";

const LISTEN = ["start", "--log-level", "info", "--metrics-listen"];

/** Where the runner says that it can be scraped: the port is any that was free. */
async function urlOf(runner: RunnerProcess): Promise<string> {
  const line = await runner.log.line(/ metrics address=/);
  return `http://${/address=(\S+)/.exec(line)?.[1]}/metrics`;
}

async function scrape(url: string): Promise<Scraped> {
  return Scraped.of(await (await fetch(url)).text());
}

/** Until it is so; the test's own time is the limit. */
async function eventually(url: string, holds: (scraped: Scraped) => boolean): Promise<Scraped> {
  for (;;) {
    const scraped = await scrape(url);
    if (holds(scraped)) return scraped;
    await Bun.sleep(5);
  }
}

describe("a port", () => {
  test("has what the calls came to", async () => {
    await using runner = await RunnerProcess.start({ args: [...LISTEN, "127.0.0.1:0"] });
    const url = await urlOf(runner);
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["say", '{"body":"hi"}']]);
    await request(connection, { confToken });
    await request(connection, { confToken });
    await request(connection, { confToken: confToken ^ 1 });
    const scraped = await eventually(url, (now) => now.value("calls_total") === 2);
    expect(scraped.value("calls_total", { phase: "request", result: "stop" })).toBe(2);
    expect(scraped.value("plugin_calls_total", { plugin: "say", outcome: "stopped" })).toBe(2);
    expect(scraped.value("conf_tokens_not_found_total")).toBe(1);
    expect(scraped.value("connections")).toBe(1);
    expect(scraped.value("confs")).toBe(1);
    await eventually(url, (now) => (now.value("event_loop_lag_seconds_count") ?? 0) > 0);
  });

  test("counts a conf that was answered before there was anything to count", async () => {
    await using runner = await RunnerProcess.start({ args: [...LISTEN, "127.0.0.1:0"] });
    using connection = await RawConnection.connect(runner.socket);
    await prepare(connection, [["say", '{"body":"hi"}']]);
    const scraped = await scrape(await urlOf(runner));
    expect(scraped.value("prepare_conf_total", { result: "token" })).toBe(1);
    expect(scraped.value("confs")).toBe(1);
    expect(scraped.value("connections")).toBe(1);
  });

  test("answers GET and HEAD of /metrics alone", async () => {
    await using runner = await RunnerProcess.start({ args: [...LISTEN, "127.0.0.1:0"] });
    const url = await urlOf(runner);
    const got = await fetch(`${url}?name[]=up`);
    expect(got.status).toBe(200);
    expect(got.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const posted = await fetch(url, { method: "POST", body: "x" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await fetch(new URL("/", url))).status).toBe(404);
    expect((await fetch(new URL("/metrics/x", url))).status).toBe(404);
  });

  test("that another process has is taken when it is free", async () => {
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("other") });
    const address = `127.0.0.1:${other.port}`;
    await using runner = await RunnerProcess.start({ args: [...LISTEN, address] });
    const line = await runner.log.line("another process has their address");
    expect(line).toContain(`address=${address}`);
    // Calls do not wait for it.
    using connection = await RawConnection.connect(runner.socket);
    await prepare(connection, [["say", '{"body":"hi"}']]);
    await other.stop(true);
    const scraped = await scrape(await urlOf(runner));
    expect(scraped.value("prepare_conf_total", { result: "token" })).toBe(1);
    expect(runner.log.lines.filter((each) => each.includes("their address"))).toHaveLength(1);
  });

  test("goes to the next runner on a reload", async () => {
    await using first = await RunnerProcess.start({ args: [...LISTEN, "127.0.0.1:0"] });
    const url = await urlOf(first);
    const address = new URL(url).host;
    await using second = await RunnerProcess.start({
      args: [...LISTEN, address],
      socket: first.socket,
    });
    await first.stop();
    await urlOf(second);
    using connection = await RawConnection.connect(second.socket);
    await prepare(connection, [["say", '{"body":"hi"}']]);
    await eventually(url, (now) => now.value("prepare_conf_total", { result: "token" }) === 1);
    // It was not the moment to complain.
    expect(second.log.text).not.toContain("another process has their address");
  });

  test("that cannot be listened on keeps the runner from starting", async () => {
    // TEST-NET-1: no host has it.
    const args = [...LISTEN, "public:192.0.2.1:9101"];
    const { code, log } = await RunnerProcess.startAndExit({ args });
    expect(code).toBe(1);
    expect(log.text).toContain("apisix-bun-runner: no metrics at 192.0.2.1:9101: EADDRNOTAVAIL");
  });

  test("that others can reach has to be allowed", async () => {
    const { code, log } = await RunnerProcess.startAndExit({ args: [...LISTEN, "0.0.0.0:9101"] });
    expect(code).toBe(2);
    expect(log.text).toContain("other hosts can reach that; if they may, write public: before it");
  });
});

describe("a Unix socket", () => {
  test("has the permissions of the runner's own, and goes with the runner", async () => {
    using dir = new TempDir();
    const unix = dir.file("metrics.sock");
    await using runner = await RunnerProcess.start({
      args: [...LISTEN, `unix:${unix}`, "--socket-mode", "0640"],
    });
    const response = await fetch("http://localhost/metrics", { unix });
    expect(Scraped.of(await response.text()).value("confs")).toBe(0);
    expect((statSync(unix).mode & 0o777).toString(8)).toBe("640");
    await runner.stop();
    expect(existsSync(unix)).toBeFalse();
  });

  test("of a runner before is taken over", async () => {
    using dir = new TempDir();
    const unix = dir.file("metrics.sock");
    await using first = await RunnerProcess.start({ args: [...LISTEN, `unix:${unix}`] });
    await using second = await RunnerProcess.start({
      args: [...LISTEN, `unix:${unix}`],
      socket: first.socket,
    });
    await first.stop();
    using connection = await RawConnection.connect(second.socket);
    await prepare(connection, [["say", '{"body":"hi"}']]);
    const response = await fetch("http://localhost/metrics", { unix });
    expect(Scraped.of(await response.text()).value("confs")).toBe(1);
  });

  test("in a folder that is not there keeps the runner from starting", async () => {
    using dir = new TempDir();
    const args = [...LISTEN, `unix:${dir.file("gone/metrics.sock")}`];
    const { code, log } = await RunnerProcess.startAndExit({ args });
    expect(code).toBe(1);
    expect(log.text).toContain(`the directory ${dir.file("gone")} does not exist`);
  });
});

test("an image that replaces itself goes on, and counts that", async () => {
  using plugins = new TempDir();
  plugins.write(
    "spin.ts",
    `import { stop } from "apisix-bun-runner";
     export default { request({ request }) {
       if (request.path === "/spin") for (;;);
       return stop("fine");
     } };`,
  );
  // The next image gets the same command line: the port has to be the same.
  const port = freePort();
  await using runner = await RunnerProcess.start({
    args: [
      ...LISTEN,
      `127.0.0.1:${port}`,
      "--plugins",
      plugins.path,
      "--watchdog-timeout",
      "100ms",
    ],
  });
  const url = await urlOf(runner);
  const before = await scrape(url);
  expect(before.value("replacements_total")).toBe(0);
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [["spin", ""]]);
  await connection.send(requestBytes({ path: "/spin", confToken }));
  await runner.log.line("took over from the process image before");
  using next = await RawConnection.connect(runner.socket);
  await prepare(next, [["spin", ""]]);
  const after = await eventuallyAlive(url);
  expect(after.value("replacements_total", { reason: "unyielding" })).toBe(1);
  expect(after.value("start_time_seconds")).toBeGreaterThan(
    before.value("start_time_seconds") ?? 0,
  );
  runner.process.kill("SIGHUP");
  await runner.log.line(/reload/);
  expect((await scrape(url)).value("replacements_total", { reason: "unyielding" })).toBe(1);
});

function freePort(): number {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  return server.port ?? 0;
}

async function eventuallyAlive(url: string): Promise<Scraped> {
  for (;;) {
    try {
      return await scrape(url);
    } catch {
      await Bun.sleep(5);
    }
  }
}
