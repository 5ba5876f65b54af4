/** `call`, as its users run it. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { executable } from "../support/executable.ts";
import { LineLog } from "../support/line-log.ts";
import { run, type RunResult } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

describe("in the request phase", () => {
  test("a stop shows the response that the client gets", async () => {
    const { code, stdout, stderr } = await call(
      ...["say", '{"body":"hi"}', "-X", "POST", "/get?a=1", "-H", "x-a: 1", "-d", "body"],
    );
    expect(stderr).toBe("");
    expect(stdout).toBe(
      text(
        "stop 200",
        "",
        "response to the client",
        "  200",
        "  content-type: text/plain; charset=utf-8",
        "  x-resp-a6-runner: Bun",
        "  body: 2 bytes",
        "  | hi",
      ),
    );
    expect(code).toBe(0);
  });

  test("a rewrite marks what changed", async () => {
    const { code, stdout } = await callWith(
      {
        "change.ts": plugin(`
          async request({ request, responseHeaders }) {
            request.path = "/new path";
            request.args.set("b", "2");
            request.headers.set("x-changed", "after");
            request.headers.set("x-new", "n");
            request.headers.delete("x-gone");
            request.body = (await request.text()).toUpperCase();
            responseHeaders.set("x-r", "1");
          }`),
      },
      ...["change", "/old?a=1", "-H", "X-Changed: before", "-H", "x-gone: g", "-H", "x-stays: s"],
      ...["-H", "user-agent:", "-d", "body"],
    );
    expect(stdout).toBe(
      text(
        "rewrite: path, headers x-changed x-new x-gone, argument b, body, response header x-r",
        "",
        "request to the upstream",
        "~ POST /new%20path?a=1&b=2  (was POST /old?a=1)",
        "  host: 127.0.0.1:9080",
        "  accept: */*",
        "  content-length: 4",
        "  content-type: application/x-www-form-urlencoded",
        "  x-forwarded-proto: http",
        "  x-forwarded-host: 127.0.0.1:9080",
        "  x-forwarded-port: 9080",
        "~ x-changed: after  (was before)",
        "- x-gone: g",
        "  x-stays: s",
        "+ x-new: n",
        "~ body: 4 bytes  (was 4 bytes)",
        "  | BODY",
        "",
        "response to the client, whatever it is",
        "+ x-r: 1",
        "",
        "asked for on the way",
        '  request body: "body"',
      ),
    );
    expect(code).toBe(0);
  });

  test("questions are answered from the request, from --var first", async () => {
    const { stdout } = await callWith(
      {
        "ask.ts": plugin(`
          async request({ vars, request }) {
            const names = ["uri", "request_uri", "arg_a", "http_x_a", "cookie_c", "remote_addr", "host", "own", "none"];
            const values = await Promise.all(names.map((name) => vars.get(name)));
            request.headers.set("x-values", JSON.stringify(values.map((value) => value ?? null)));
          }`),
      },
      ...["ask", "/a%20b?a=1", "-H", "x-a: A", "-H", "cookie: c=C", "-H", "host: Example.org:81"],
      ...["--var", "remote_addr=10.0.0.1", "--var", "own=a=b", "--json"],
    );
    const { upstreamRequest, questions } = JSON.parse(stdout);
    const values = ["/a b", "/a b?a=1", "1", "A", "C", "10.0.0.1", "example.org", "a=b", null];
    expect(upstreamRequest.headers).toContainEqual(["x-values", JSON.stringify(values)]);
    expect(upstreamRequest.headers).toContainEqual(["x-forwarded-port", "81"]);
    expect(questions).toContainEqual({ asked: "var", name: "remote_addr", answer: "10.0.0.1" });
    expect(questions).toContainEqual({ asked: "var", name: "none", answer: null });
  });

  test("a variable that is not set is said to be, with the way to set it", async () => {
    const { stdout } = await callWith(
      { "ask.ts": plugin(`async request({ vars }) { await vars.get("none"); }`) },
      "ask",
    );
    expect(stdout).toStartWith("continue: nothing changed\n");
    expect(stdout).toEndWith(
      text("asked for on the way", "  none: not set (--var none=… sets it)"),
    );
  });

  test("--then makes a chain, in order", async () => {
    const { stdout } = await call(
      ...[
        "rewrite",
        '{"path":"/seen"}',
        "--then",
        "rewrite={}",
        "--then",
        'say={"body":"last"}',
        "--json",
      ],
    );
    expect(JSON.parse(stdout)).toMatchObject({
      plugins: ["rewrite", "rewrite", "say"],
      action: "stop",
      response: { status: 200, body: "last" },
    });
  });

  test("--json has the reply and its effect, and nothing else is on stdout", async () => {
    const { stdout, stderr } = await callWith(
      {
        "both.ts": plugin(`
          request({ request, responseHeaders }) {
            console.log("printed by the plugin");
            request.headers.set("x-n", "1");
            responseHeaders.append("x-r", "1");
          }`),
      },
      ...["both", "{}", "/p", "--json"],
    );
    expect(JSON.parse(stdout)).toMatchObject({
      plugins: ["both"],
      phase: "request",
      action: "rewrite",
      reply: { headers: [["x-n", "1"]], args: [], responseHeaders: [["x-r", "1"]] },
      upstreamRequest: { method: "GET", target: "/p" },
      responseHeaders: [["x-r", "1"]],
      notes: [],
      questions: [],
    });
    expect(stderr).toContain("printed by the plugin");
  });

  test("conf and body come from files, and a binary body is shown by its size and start", async () => {
    using files = new TempDir();
    files.write("conf.json", '{"new_body":"from a file"}');
    await Bun.write(files.file("body"), new Uint8Array(40).fill(0xab));
    const { stdout } = await call(
      ...["request-body-rewrite", `@${files.file("conf.json")}`, "-d", `@${files.file("body")}`],
    );
    expect(stdout).toContain("~ body: 11 bytes  (was 40 bytes)\n  | from a file\n");
    const binary = await call("stop", `@${files.file("conf.json")}`.replace("conf.json", "none"));
    expect(binary.code).toBe(2);
    const kept = await callWith(
      { "nothing.ts": plugin("request() {}") },
      ...["nothing", "-d", `@${files.file("body")}`],
    );
    expect(kept.stdout).toContain(`  body: 40 bytes, binary: ${"ab ".repeat(32)}…\n`);
  });

  test("what would move a terminal's cursor is not printed as it is", async () => {
    const { stdout } = await callWith(
      { "esc.ts": plugin(`request() { return new Response("\\u001b[2J", { status: 200 }); }`) },
      "esc",
    );
    expect(stdout).toContain("  body: 4 bytes, binary: 1b 5b 32 4a\n");
    expect(stdout).not.toContain("\u001b");
  });

  test("what a target cannot hold is percent-encoded as by any client", async () => {
    const { stdout } = await callWith(
      { "nothing.ts": plugin("request() {}") },
      "nothing",
      "/a é?b c",
    );
    expect(stdout).toContain("  GET /a%20%C3%A9?b%20c\n");
  });
});

describe("in the response phase", () => {
  test("marks what changed of the upstream's response", async () => {
    const { code, stdout, stderr } = await callWith(
      {
        "change.ts": plugin(`
          async response({ response }) {
            response.status = 418;
            response.headers.append("Set-Cookie", "c=3");
            response.headers.delete("x-gone");
            response.body = (await response.text()).toUpperCase();
          }`),
      },
      ...["change", "--phase", "response", "--status", "201", "-d", "from\nupstream"],
      ...["-H", "Set-Cookie: a=1", "-H", "Set-Cookie: b=2", "-H", "X-Gone: g"],
    );
    expect(stderr).toBe("");
    expect(stdout).toBe(
      text(
        "response 418: changed",
        "",
        "response to the client",
        "~ 418  (was 201)",
        "  content-type: text/plain; charset=utf-8",
        "  set-cookie: a=1",
        "  set-cookie: b=2",
        "+ set-cookie: c=3",
        "- X-Gone: g",
        "~ body: 13 bytes  (was 13 bytes)",
        "  | FROM",
        "  | UPSTREAM",
        "",
        "asked for on the way",
        '  response body: "from\\nupstream"',
      ),
    );
    expect(code).toBe(0);
  });

  test("says that nothing changed", async () => {
    const { stdout } = await callWith(
      { "nothing.ts": plugin("response() {}") },
      ...["nothing", "--phase", "response", "-d", "kept"],
    );
    expect(stdout).toStartWith("response: nothing changed\n");
    expect(stdout).toContain("  body: 4 bytes\n  | kept\n");
  });

  test("variables are those of the request that the target names", async () => {
    const { stdout } = await callWith(
      { "ask.ts": plugin(`async response({ vars }) { await vars.get("request_uri"); }`) },
      ...["ask", "/of/the/request?x", "--phase", "response"],
    );
    expect(stdout).toContain('  request_uri: "/of/the/request?x"\n');
  });
});

describe("failures end with 1 and say why", () => {
  test("a conf that is refused", async () => {
    const { code, stdout, stderr } = await call("say", '{"bdy":"hi"}');
    expect(stdout).toBe(
      text(
        "failed: the runner answered with the error BAD_REQUEST",
        "",
        "response to the client",
        "  503",
        "  content-type: text/html; charset=utf-8",
        "  body: the error page of APISIX",
      ),
    );
    const [logged, explained] = stderr.split("\n");
    expect(logged).toContain("bdy");
    expect(explained).toStartWith(
      "the runner refuses this conf (BAD_REQUEST), and its log says why: APISIX answers 503, or goes on",
    );
    expect(code).toBe(1);
  });

  test("a plugin that throws", async () => {
    const { code, stdout, stderr } = await callWith(
      { "broken.ts": plugin(`request() { throw new Error("out of order"); }`) },
      ...["broken", "--json"],
    );
    expect(JSON.parse(stdout)).toMatchObject({
      action: "error",
      error: { code: "SERVICE_UNAVAILABLE", during: "call" },
      response: { status: 503, errorPage: true },
    });
    expect(stderr).toContain("out of order");
    expect(code).toBe(1);
  });

  test("a body that fits into no frame", async () => {
    using files = new TempDir();
    await Bun.write(files.file("large"), new Uint8Array(2 ** 24));
    const { code, stdout, stderr } = await callWith(
      { "read.ts": plugin("async request({ request }) { await request.text(); }") },
      ...["read", "-d", `@${files.file("large")}`],
    );
    expect(stdout).toStartWith("failed: a frame carries at most 16777215 bytes, ");
    expect(stderr).toStartWith("a frame carries at most 16777215 bytes, ");
    expect(code).toBe(1);
  });

  test("a runner that dies in the middle", async () => {
    const { code, stdout, stderr } = await callWith(
      {
        "die.ts": plugin(
          "request() { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); }",
        ),
      },
      "die",
    );
    expect(stdout).toStartWith("failed: the runner closed the connection\n");
    expect(stderr).toContain("the runner closed the connection: APISIX answers 503");
    expect(code).toBe(1);
  });
});

describe("a wrong command line ends with 2 and says what is right", () => {
  test.each([
    [["call"], "missing required argument 'name'"],
    [["call", "say", "{}", "get"], "the target get does not start with a slash"],
    [["call", "say", "{}", "/%zz"], "is not percent-encoded correctly"],
    [["call", "say", "-H", "x-a"], '--header "x-a" is not of the form "name: value"'],
    [["call", "say", "--var", "a"], '--var "a" is not of the form name=value'],
    [["call", "say", "-X", "PURGE"], "it is one of GET, HEAD, POST"],
    [["call", "say", "--status", "404"], "it needs --phase response"],
    [["call", "say", "--phase", "response", "--status", "42"], "a number from 100 to 999"],
    [["call", "say", "--phase", "both"], "Allowed choices are request, response"],
    [["call", "say", "@/nowhere.json"], "cannot read /nowhere.json for the conf: ENOENT"],
    [["call", "say", "-d", "@/nowhere"], "cannot read /nowhere for --data: ENOENT"],
    [["call", "say", "{}", "/", "more"], "too many arguments"],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toStartWith("apisix-bun-runner: ");
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("the runner's own settings are checked by the runner", async () => {
    const { code, stderr } = await call("say", "--config", "/nowhere.yaml");
    expect(stderr).toContain("/nowhere.yaml");
    expect(stderr).toEndWith("apisix-bun-runner: the runner ended with 2 before it listened\n");
    expect(code).toBe(2);
  });

  test("a wrong log level too", async () => {
    const { code, stderr } = await call("say", "--log-level", "loud");
    expect(stderr).toContain("loud");
    expect(code).toBe(2);
  });
});

describe("the runner of a call", () => {
  test("logs what it is told to", async () => {
    const { stderr } = await call("stop", "--log-level", "info", "--log-format", "json");
    const [first = ""] = stderr.split("\n");
    expect(JSON.parse(first)).toMatchObject({ level: "info" });
  });

  test("reads the given config", async () => {
    using files = new TempDir();
    files.write("plugins/mine.ts", plugin("request() { return new Response('mine'); }"));
    const config = files.write(
      "config.yaml",
      `plugins: { dirs: [${JSON.stringify(files.file("plugins"))}] }\n`,
    );
    expect((await call("mine", "--config", config)).stdout).toContain("  | mine\n");
  });

  test("is gone when an interrupted call is, and its folder with it", async () => {
    using temp = new TempDir();
    const { child, runner } = await hangingCall(temp);
    expect(readdirSync(temp.path)).toHaveLength(1);
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(readdirSync(temp.path)).toEqual([]);
    expect(() => process.kill(runner, 0)).toThrow("ESRCH");
  });

  test("ends when its call is killed", async () => {
    using temp = new TempDir();
    const { child, log } = await hangingCall(temp);
    child.kill("SIGKILL");
    // The runner holds the other end: it has gone when the log ends.
    await log.ended;
  });

  test("is started from the source where the call runs from it", async () => {
    using files = new TempDir();
    const main = resolve(import.meta.dir, "../../src/cli/main.ts");
    const entry = files.write(
      "entry.ts",
      `import { main } from ${JSON.stringify(main)};\nawait main({ bundled: [], carried: "" }, process.argv.slice(2));\n`,
    );
    files.write("plugins/mine.ts", plugin("request() { return new Response('from source'); }"));
    const child = Bun.spawn(
      [process.execPath, entry, "call", "mine", "--plugins", files.file("plugins")],
      { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
    );
    expect(await child.stdout.text()).toContain("  | from source\n");
    expect(await child.exited).toBe(0);
  });
});

/** A call whose plugin never answers, once the request has reached it. */
async function hangingCall(temp: TempDir) {
  using plugins = new TempDir();
  plugins.write(
    "hang.ts",
    plugin("request() { console.log(`pid ${process.pid}`); return new Promise(() => {}); }"),
  );
  const child = Bun.spawn([executable, "call", "hang", "--plugins", plugins.path], {
    env: { TMPDIR: temp.path },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const log = new LineLog();
  log.collect(child.stderr);
  const line = await log.line(/^pid \d+$/);
  return { child, log, runner: Number(line.slice(4)) };
}

/** Runs `call`, and sees to it that nothing is left of its runner. */
async function call(...args: string[]): Promise<RunResult> {
  using temp = new TempDir();
  const result = await run(["call", ...args], { env: { TMPDIR: temp.path } });
  expect(readdirSync(temp.path)).toEqual([]);
  return result;
}

/** Runs `call` with plugins from a folder: files by their names. */
async function callWith(
  plugins: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<RunResult> {
  using folder = new TempDir();
  for (const [name, source] of Object.entries(plugins)) folder.write(name, source);
  // Awaited here: the folder goes when this function returns.
  return await call(...args, "--plugins", folder.path);
}

/** A plugin's source with these hooks. */
function plugin(hooks: string): string {
  return `import { definePlugin } from "apisix-bun-runner";\nexport default definePlugin({${hooks}});\n`;
}

function text(...lines: string[]): string {
  return `${lines.join("\n")}\n`;
}
