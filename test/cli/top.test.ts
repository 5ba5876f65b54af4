/** `top`: in a terminal, in a pipe, and where there is nothing to show. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Difference } from "../../src/cli/top/difference.ts";
import { parseExposition } from "../../src/cli/top/exposition.ts";
import { age, bytes, duration, perSecond } from "../../src/cli/top/figures.ts";
import { screen } from "../../src/cli/top/screen.ts";
import { prepare, request } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { run } from "../support/run.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { TerminalProgram } from "../support/terminal.ts";

let dir: TempDir;
let runner: RunnerProcess;
let address: string;
let calling: Promise<void>;
let isOver = false;

beforeAll(async () => {
  dir = new TempDir();
  address = `unix:${dir.file("metrics.sock")}`;
  runner = await RunnerProcess.start({ args: ["start", "--metrics-listen", address] });
  calling = call(runner.socket);
});

afterAll(async () => {
  isOver = true;
  await calling;
  await runner[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** One call after the other, so that there is something to see. */
async function call(socket: string): Promise<void> {
  using connection = await RawConnection.connect(socket);
  const confToken = await prepare(connection, [["say", '{"body":"hi"}']]);
  while (!isOver) {
    await request(connection, { confToken });
    await Bun.sleep(1);
  }
}

describe("in a pipe", () => {
  test("--once prints a header and a line", async () => {
    const { code, stdout, stderr } = await run(["top", "--metrics", address, "--once"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [header = "", line = "", ...rest] = stdout.split("\n");
    expect(rest).toEqual([""]);
    expect(header.trim().split(/ +/)).toEqual(
      "time calls/s p50 p99 rewrite/s stop/s error/s gone/s connections memory cpu lag".split(" "),
    );
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d +[\d.]+ +\d+ µs +[\d.]+ [µm]s +0 +[\d.]+ +0 +0 +1 +[\d.]+ MB +\d+ % /,
    );
    expect(stdout).not.toContain("\x1b");
  });

  test("a line a second, until it is told to end", async () => {
    const child = Bun.spawn([executable, "top", "--metrics", address], {
      env: {},
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    let text = "";
    for await (const chunk of child.stdout) {
      text += Buffer.from(chunk).toString();
      if (text.split("\n").length > 3) break;
    }
    child.kill("SIGINT");
    await child.exited;
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toContain("calls/s");
    for (const line of lines.slice(1)) expect(line).toMatch(/^\d\d:\d\d:\d\d /);
    expect(lines[1]?.slice(0, 8)).not.toBe(lines[2]?.slice(0, 8));
  });

  test("into a program that reads no more of it: it ends", async () => {
    const shell = `"${executable}" top --metrics "${address}" | head -n 1`;
    const { code, stdout } = await run(["-c", shell], {
      command: ["bash"],
      env: { PATH: process.env["PATH"] ?? "" },
    });
    expect(code).toBe(0);
    expect(stdout).toContain("calls/s");
  });

  test("the address is in the config", async () => {
    const config = dir.write("config.yaml", `metrics: { listen: "${address}" }\n`);
    expect((await run(["top", "--config", config, "--once"])).code).toBe(0);
    const env = { APISIX_BUN_RUNNER_METRICS_LISTEN: address };
    expect((await run(["top", "--once"], { env })).code).toBe(0);
  });
});

describe("in a terminal", () => {
  const terminal = (args: string[] = [], env: Record<string, string> = {}) =>
    new TerminalProgram([executable, "top", "--metrics", address, ...args], {
      TERM: "xterm-256color",
      ...env,
    });

  test.each([
    ["q", "q"],
    ["Ctrl-C", "\x03"],
  ])("it is a picture, and %s gives the terminal back", async (_name, key) => {
    await using top = terminal();
    await top.shows(/\x1b\[\?1049h\x1b\[\?25l/);
    const shown = await top.shows(/apisix-bun-runner \d[^]*q quits/);
    expect(shown).toContain(address);
    expect(shown).toMatch(/connections 1 /);
    expect(shown).toMatch(/\nsay +request +[1-9]/);
    top.type(key);
    await top.shows(/\x1b\[\?25h\x1b\[\?1049l/);
  });

  test("a signal gives it back too", async () => {
    await using shell = new TerminalProgram(["bash", "--norc", "--noprofile"], {
      TERM: "xterm-256color",
      PS1: "> ",
    });
    // The shell writes what it is given as well: there the number is still a variable.
    shell.type(`bash -c 'echo pid $$; exec ${executable} top --metrics ${address}'\n`);
    const [pid = ""] = /\d+/.exec(await shell.shows(/[\r\n]pid \d+/)) ?? [];
    await shell.shows(/\x1b\[\?1049h[^]*q quits/);
    process.kill(Number(pid));
    await shell.shows(/\x1b\[\?25h\x1b\[\?1049l/);
    shell.type("echo ended $?; stty -a\n");
    const settings = await shell.shows(/[\r\n]ended 0[^]*\bicanon\b[^]*\becho\b/);
    expect(settings).not.toMatch(/-icanon|-echo\b/);
  });

  test("NO_COLOR is obeyed", async () => {
    await using top = terminal([], { NO_COLOR: "1" });
    const shown = await top.shows(/apisix-bun-runner \d[^]*q quits/);
    // Colours and styles end in m.
    expect(shown).not.toMatch(/\x1b\[[\d;]*m/);
  });

  test("with --once, or a terminal that can do nothing, it is lines", async () => {
    await using once = terminal(["--once"]);
    expect(await once.shows(/calls\/s[^]*\d\d:\d\d:\d\d [^\n]*\n/)).not.toContain("\x1b");
    await using dumb = terminal([], { TERM: "dumb" });
    expect(await dumb.shows(/calls\/s[^]*\d\d:\d\d:\d\d [^\n]*\n/)).not.toContain("\x1b");
  });
});

describe("what is wrong is said in one line, with what to do", () => {
  const nothing = `unix:/tmp/there-is-no-such.${process.pid}.sock`;

  test.each([
    [["--metrics", nothing], 1, /no metrics at unix:.*is a runner there, with metrics\.listen set/],
    [["--metrics", "9101"], 2, /--metrics is "9101" .*allowed: a host with its port/],
    [
      [],
      1,
      /set metrics\.listen in the runner's config\.yaml .* to an address such as 127\.0\.0\.1:9101/,
    ],
    [["--config", "/nonexistent.yaml"], 2, /\/nonexistent\.yaml/],
  ])("%j", async (args, expected, message) => {
    const { code, stdout, stderr } = await run(["top", ...args, "--once"]);
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("a config without metrics is named", async () => {
    const config = dir.write("without.yaml", "logging: { level: info }\n");
    const { code, stderr } = await run(["top", "--config", config]);
    expect(code).toBe(1);
    expect(stderr).toContain(`set metrics.listen in ${config}`);
  });

  test.each([
    ["another page", () => new Response("<html>")],
    ["another exporter", () => new Response("node_load1 0.5\n")],
    ["an error", () => new Response("", { status: 500 })],
  ])("%s answers there", async (_name, fetch) => {
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    const { code, stderr } = await run(["top", "--metrics", `127.0.0.1:${server.port}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is no apisix-bun-runner|it answers 500/);
  });

  test("a runner that goes meanwhile is waited for", async () => {
    const pages = [PAGE, undefined, PAGE];
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        const page = pages.shift();
        return page === undefined ? new Response("", { status: 503 }) : new Response(page);
      },
    });
    const child = Bun.spawn([executable, "top", "--metrics", `127.0.0.1:${server.port}`], {
      env: {},
      stdout: "pipe",
      stderr: "pipe",
    });
    const { value } = await child.stdout.getReader().read();
    child.kill();
    expect(Buffer.from(value ?? []).toString()).toContain("calls/s");
    expect(await child.stderr.text()).toContain("it answers 503");
  });
});

const PAGE = `# HELP apisix_bun_runner_calls_total x
apisix_bun_runner_calls_total{phase="request",result="stop"} 10
apisix_bun_runner_build_info{version="9.8.7",bun="1"} 1
apisix_bun_runner_start_time_seconds 1000
apisix_bun_runner_plugin_calls_total{plugin="a",phase="request",outcome="passed"} 100
apisix_bun_runner_plugin_calls_total{plugin="b",phase="request",outcome="failed"} 1
apisix_bun_runner_call_duration_seconds_bucket{le="0.001"} 10
apisix_bun_runner_call_duration_seconds_bucket{le="0.01"} 20
apisix_bun_runner_call_duration_seconds_bucket{le="+Inf"} 20
apisix_bun_runner_call_duration_seconds_count 20
`;

describe("the figures", () => {
  const before = parseExposition(PAGE);
  const after = parseExposition(
    PAGE.replace(/ 10$/gm, " 30").replace(/ 20$/gm, " 120").replace(/ 1$/gm, " 5"),
  );
  const difference = new Difference(before, after, 2);

  test("rates are by the second", () => {
    expect(difference.rate("calls_total")).toBe(10);
    expect(difference.rate("calls_total", { result: "stop" })).toBe(10);
    expect(difference.rate("calls_total", { result: "error" })).toBe(0);
  });

  test("quantiles lie within their bucket", () => {
    // 20 of the 100 calls between took up to 1 ms, 80 up to 10 ms.
    expect(difference.quantile(0.1, "call_duration_seconds")).toBeCloseTo(0.0005);
    expect(difference.quantile(0.2, "call_duration_seconds")).toBeCloseTo(0.001);
    expect(difference.quantile(0.6, "call_duration_seconds")).toBeCloseTo(0.0055);
    expect(new Difference(after, after, 1).quantile(0.5, "call_duration_seconds")).toBeUndefined();
  });

  test("a counter that began anew counts from 0", () => {
    expect(new Difference(after, before, 1).increase("calls_total")).toBe(10);
  });

  test.each([
    [{ columns: 200, rows: 50 }, 11],
    [{ columns: 20, rows: 50 }, 11],
    [{ columns: 80, rows: 10 }, 10],
    [{ columns: 80, rows: 3 }, 3],
    [{ columns: 1, rows: 1 }, 1],
  ])("the picture fits %j", (size, count) => {
    const paint = (_style: unknown, text: string) => text;
    const lines = screen(difference, { ...size, source: "x", now: new Date(1_060_000), paint });
    expect(lines).toHaveLength(count);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(size.columns);
    expect(lines[0]).toBe(
      "apisix-bun-runner 9.8.7  x  up 1m 0s  00:17:40Z".slice(0, size.columns).padEnd(size.columns),
    );
  });

  test("those that fail come first, and in red; what has no room is counted", () => {
    const paint = (style: unknown, text: string) => `${String(style)}:${text}`;
    const options = { columns: 100, source: "x", now: new Date(0), paint };
    const lines = screen(difference, { ...options, rows: 50 });
    expect(lines.find((line) => line.includes("b  "))).toMatch(/^red:b +request +2\.0/);
    expect(lines.at(-2)).toMatch(/^a +request/);
    expect(screen(difference, { ...options, rows: 10 }).at(-2)).toBe("… 2 more");
  });

  test.each([
    [perSecond(0), "0"],
    [perSecond(12.34), "12.3"],
    [perSecond(1234.5), "1235"],
    [duration(undefined), "-"],
    [duration(0.0000123), "12 µs"],
    [duration(0.00123), "1.23 ms"],
    [duration(2.5), "2.50 s"],
    [bytes(71_200_000), "71.2 MB"],
    [bytes(2_345_000_000), "2.35 GB"],
    [age(5), "5s"],
    [age(3_900), "1h 5m"],
    [age(273_700), "3d 4h"],
    [age(-1), "0s"],
  ])("%s", (shown, expected) => {
    expect(shown).toBe(expected);
  });

  test.each(["apisix_bun_runner_confs one", "{} 1", "x{a=1}"])("%j is no line", (line) => {
    if (line.endsWith("one"))
      expect(parseExposition(line).values().next().value?.[0]?.value).toBeNaN();
    else expect(() => parseExposition(line)).toThrow("this is no line of metrics");
  });

  test("labels may hold anything", () => {
    const line = String.raw`m{a="q\"u\\o\n}te",b=""} +Inf`;
    expect(parseExposition(line).get("m")).toEqual([
      { labels: { a: 'q"u\\o\n}te', b: "" }, value: Infinity },
    ]);
  });
});
