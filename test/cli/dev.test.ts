/** `dev`, as an author runs it: the executable, curl-like requests, an editor. */
import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { executable } from "../support/executable.ts";
import { LineLog } from "../support/line-log.ts";
import { run } from "../support/run.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

class Dev implements AsyncDisposable {
  readonly tmp = new TempDir();
  readonly log = new LineLog();
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  url = "";

  private constructor(args: readonly string[], cwd?: string) {
    this.process = Bun.spawn([executable, "dev", "--port", "0", ...args], {
      cwd: cwd ?? this.tmp.path,
      env: {
        PATH: process.env["PATH"] ?? "",
        TMPDIR: this.tmp.path,
        PASSED_ON: "by name",
        HIDDEN: "x",
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.log.collect(this.process.stdout);
    this.log.collect(this.process.stderr);
  }

  static start(...args: string[]): Promise<Dev> {
    return Dev.startIn(undefined, ...args);
  }

  static async startIn(cwd: string | undefined, ...args: string[]): Promise<Dev> {
    const dev = new Dev(args, cwd);
    const line = await dev.log.line("Development gateway");
    dev.url = /http:\/\/\S+\d/.exec(line)?.[0] ?? "";
    return dev;
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async stop(): Promise<number> {
    this.process.kill("SIGINT");
    const code = await this.process.exited;
    await this.log.ended;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.tmp[Symbol.dispose]();
  }
}

const saying = (text: string) => `
  import { stop } from "apisix-bun-runner";
  export default { request: () => stop("${text}") };`;

let dir: TempDir | undefined;
afterEach(() => dir?.[Symbol.dispose]());

test("alone: bundled plugins, an echo, routes to try, a line a request, nothing left behind", async () => {
  await using dev = await Dev.start();
  for (const path of ["/say", "/stop", "/rewrite", "/request-body-rewrite", "/response-rewrite"]) {
    expect(await dev.log.line(`'${dev.url}${path}?a=1'`)).toContain("curl -i");
  }
  expect(await (await dev.get("/say?a=1")).text()).toBe("hello\n");
  expect(await dev.log.line("GET /say?a=1")).toMatch(
    /^200  GET \/say\?a=1  [\d.]+ ms  pre-req \[say: stop 200 \([\d.]+ ms\)\]$/,
  );
  expect(await (await dev.get("/rewrite?a=1")).json()).toMatchObject({
    method: "GET",
    uri: "/new/path?a=1&page=2",
    headers: { "x-added": "1" },
  });
  const response = await dev.get("/response-rewrite");
  expect([response.status, response.headers.get("x-server")]).toEqual([202, "9527"]);
  expect(await dev.stop()).toBe(0);
  expect(readdirSync(dev.tmp.path)).toEqual([]);
});

test("--verbose shows the differences, without colour where it is piped", async () => {
  await using dev = await Dev.start("--verbose");
  await (await dev.get("/rewrite?a=1")).text();
  expect(await dev.log.line("~ GET /new/path?a=1&page=2")).toContain("(was GET /rewrite?a=1)");
  expect(await dev.log.line("+ x-added: 1")).toStartWith("      +");
  expect(dev.log.text).not.toContain("\x1b");
});

describe("--plugins", () => {
  test("a plugin edited under load answers with its new code, and not one request fails", async () => {
    dir = new TempDir();
    dir.write("mine.ts", saying("old"));
    await using dev = await Dev.start("--plugins", dir.path);
    expect(await dev.log.line("/mine?a=1")).toContain("curl");
    const answers = new Set<string>();
    const load = async () => {
      while (!answers.has("200 new")) {
        const response = await dev.get("/mine");
        answers.add(`${response.status} ${await response.text()}`);
        if (answers.has("200 old")) edit();
      }
    };
    let edited = false;
    const edit = () => {
      if (edited) return;
      edited = true;
      dir?.write("mine.ts", saying("new"));
    };
    await Promise.all(Array.from({ length: 8 }, load));
    expect([...answers].sort()).toEqual(["200 new", "200 old"]);
  });

  test("a relative folder starts from where the command was given, --env passes variables on", async () => {
    dir = new TempDir();
    dir.write(
      "plugins/mine.ts",
      `import { stop } from "apisix-bun-runner";
       const { PASSED_ON, GIVEN, HIDDEN } = process.env;
       export default { request: () => stop(JSON.stringify([PASSED_ON, GIVEN, HIDDEN])) };`,
    );
    const options = ["--plugins", "./plugins", "--env", "PASSED_ON", "--env", "GIVEN=a=b"];
    await using dev = await Dev.startIn(dir.path, ...options);
    expect(await (await dev.get("/mine")).json()).toEqual(["by name", "a=b", null]);
  });

  test("a file with an error keeps the old version, and says where it is wrong", async () => {
    dir = new TempDir();
    dir.write("mine.ts", saying("old"));
    await using dev = await Dev.start("--plugins", dir.path);
    expect(await (await dev.get("/mine")).text()).toBe("old");
    dir.write("mine.ts", "export default { request( };");
    expect(await dev.log.line("did not load")).toContain(`${dir.file("mine.ts")}:1:27`);
    expect(await (await dev.get("/mine")).text()).toBe("old");
  });

  test("a throw is shown with the author's line, and the client gets 503", async () => {
    dir = new TempDir();
    dir.write("mine.ts", "export default {\n  request() {\n    throw new Error('boom');\n  },\n};");
    await using dev = await Dev.start("--plugins", dir.path);
    expect((await dev.get("/mine")).status).toBe(503);
    const line = await dev.log.line("[runner] error");
    expect(line).toContain("Error: boom");
    expect(line).toContain(`at=${dir.file("mine.ts")}:3:`);
    expect(await dev.log.line("GET /mine")).toContain("SERVICE_UNAVAILABLE");
  });

  test("a runner that dies is started again, as APISIX does", async () => {
    dir = new TempDir();
    dir.write("mine.ts", "export default { request: () => process.kill(process.pid, 'SIGKILL') };");
    await using dev = await Dev.start("--plugins", dir.path);
    expect((await dev.get("/mine")).status).toBe(503);
    expect(await dev.log.line("the runner ended")).toContain("started again in 3 s");
    expect((await dev.get("/mine")).status).toBe(503);
  });
});

describe("--routes", () => {
  const routes = (body: string) => `
routes:
  - id: mine
    uri: /mine
    plugins:
      ext-plugin-pre-req:
        conf: [{ name: say, value: '{"body":"${body}"}' }]
    upstream: { type: roundrobin, nodes: { "127.0.0.1:1": 1 } }
  - id: other
    uri: /other
    plugins: { key-auth: {} }
    upstream: { type: roundrobin, nodes: { "127.0.0.1:1": 1 } }
#END
`;

  test("an apisix.yaml is followed, what has no effect is named, a change is read", async () => {
    dir = new TempDir();
    const file = dir.write("apisix.yaml", routes("one"));
    await using dev = await Dev.start("--routes", file);
    expect(await dev.log.line("key-auth")).toContain(`${file}:`);
    expect(await (await dev.get("/mine")).text()).toBe("one");
    expect((await dev.get("/other")).status).toBe(502);
    expect((await dev.get("/nowhere")).status).toBe(404);
    dir.write("apisix.yaml", routes("two"));
    await dev.log.line("was read again");
    expect(await (await dev.get("/mine")).text()).toBe("two");
    dir.write("apisix.yaml", "routes: [\n#END\n");
    await dev.log.line("the routes before go on");
    expect(await (await dev.get("/mine")).text()).toBe("two");
  });

  test("a file that is wrong from the start ends it with 1 and its line", async () => {
    dir = new TempDir();
    const file = dir.write("apisix.yaml", "routes:\n  - id: 1\n#END\n");
    const { code, stderr } = await run(["dev", "--port", "0", "--routes", file], {
      env: { TMPDIR: dir.path },
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}:2: `);
  });
});

test("--socket uses a runner that already runs", async () => {
  await using runner = await RunnerProcess.start();
  await using dev = await Dev.start("--socket", runner.socket);
  expect(await (await dev.get("/say")).text()).toBe("hello\n");
  expect(await dev.log.line("GET /say")).toMatch(/pre-req \[say: stop \([\d.]+ ms\)\]$/);
});

test("--once sends what it printed, and ends", async () => {
  using tmp = new TempDir();
  const { code, stdout } = await run(["dev", "--port", "0", "--once"], {
    env: { TMPDIR: tmp.path },
  });
  expect(code).toBe(0);
  for (const line of ["200 /say", "403 /stop", "200 /rewrite", "202 /response-rewrite"]) {
    expect(stdout).toContain(`\n${line}\n`);
  }
});

test.each([
  ["on a terminal, colour", {}, true],
  ["on a terminal with NO_COLOR, none", { NO_COLOR: "1" }, false],
])("%s", async (_where, env, isColoured) => {
  using tmp = new TempDir();
  let shown = "";
  await using terminal = new Bun.Terminal({
    cols: 200,
    rows: 50,
    data: (_terminal, bytes) => void (shown += Buffer.from(bytes).toString()),
  });
  const dev = Bun.spawn([executable, "dev", "--port", "0", "--once"], {
    terminal,
    env: { TERM: "xterm", TMPDIR: tmp.path, ...env },
  });
  expect(await dev.exited).toBe(0);
  expect(shown).toContain("GET /say?a=1");
  expect(shown.includes("\x1b[32m")).toBe(isColoured);
});

test.each([
  [["--port", "70000"], "0 to 65535"],
  [["--upstream", "https://x/"], "write a routes file"],
  [["--upstream", "http://x", "--routes", "y"], "--upstream is for the ready routes"],
])("%j is a usage error", async (args, message) => {
  const { code, stderr } = await run(["dev", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test.each([
  ["--upstream", "http://127.0.0.1:1", "this one names its upstream itself"],
  ["--once", "", "--once sends the requests of the ready routes"],
])("%s makes no sense beside such --routes", async (option, value, message) => {
  using dir = new TempDir();
  dir.write("routes.yaml", "routes: []\n#END\n");
  const args = ["dev", "--routes", "routes.yaml", option, value].filter((arg) => arg !== "");
  const { code, stdout, stderr } = await run(args, { cwd: dir.path });
  expect(stderr).toContain(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});
