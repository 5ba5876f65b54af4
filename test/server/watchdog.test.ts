/** Plugins that never yield, in the executable: noticed, named, and survived under the same process id. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
} from "node:fs";
import type { RunnerReply } from "../../src/gateway/decode-replies.ts";
import { executable } from "../support/executable.ts";
import {
  answerBytes,
  nextReply,
  POST_RESP,
  PRE_REQ,
  prepare,
  prepareBytes,
  request,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { until } from "../workers/workers.ts";

// A plugin that shares the processor with others is given the time in which it did not run.
setDefaultTimeout(60_000);

const PLUGINS = {
  loop: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ request, log }) {
        if (request.path === "/loop") {
          log.error("loops");
          for (;;);
        }
        return stop("fine");
      },
      response() { for (;;); },
    });`,
  /** A response that is changed when APISIX has said when, and how. */
  masks: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async response({ response, vars }) { response.body = await vars.get("as"); },
    });`,
  /** Its reply fits into no socket's buffer. */
  swells: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      response({ response }) { response.body = "masked".repeat(1_000_000); },
    });`,
  /** Takes as many steps as the eighth power of the body's length, after it has waited for the body. */
  regex: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ request }) {
        return stop(/a*a*a*a*a*a*a*b/.test(await request.text()) ? "yes" : "no");
      },
    });`,
  setup: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      setup(config) { if (config === "loop") for (;;); },
      request: () => stop("fine"),
    });`,
  timer: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request() {
        setTimeout(() => { for (;;); });
        return stop("fine");
      },
    });`,
  waits: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ vars }) {
        if ((await vars.get("then")) === "loop") for (;;);
        return stop("fine");
      },
    });`,
  /** Uses no processor meanwhile. */
  sleeps: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request: () => Bun.sleepSync(2 ** 31) });`,
  /** Answers after it has kept everybody waiting for so many ms. */
  slow: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ config }) {
        for (const end = Date.now() + config; Date.now() < end; );
        return stop("fine");
      },
    });`,
  environment: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request: () => stop(JSON.stringify({ argv: process.argv.slice(2), env: process.env })),
    });`,
};

interface Options {
  readonly timeout?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly executable?: string;
}

/** A runner with these plugins, and its folder. */
async function startWith(
  dir: TempDir,
  { timeout = "300ms", env, executable }: Options = {},
): Promise<RunnerProcess> {
  for (const [name, code] of Object.entries(PLUGINS)) dir.write(`plugins/${name}.ts`, code);
  return RunnerProcess.start({
    args: ["start", "--plugins", dir.file("plugins")],
    env: { APISIX_BUN_RUNNER_WATCHDOG_TIMEOUT: timeout, ...env },
    ...(executable !== undefined && { executable }),
  });
}

/** With a body and a header, so that APISIX keeps none of the upstream's. */
const FAILED_RESPONSE: RunnerReply = {
  kind: "response",
  id: 0,
  status: 503,
  headers: [{ name: "content-type", value: "text/plain; charset=utf-8" }],
  body: Buffer.from("503 Service Unavailable\n"),
};

function socketsOf(pid: number): number {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).filter((file) => linkOf(`${dir}/${file}`).startsWith("socket:")).length;
}

/** Empty where it has been closed meanwhile. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

const TOOK_OVER = "took over from the process image before";

describe("a plugin that never yields", () => {
  test("is named; calls that wait are answered by the next image under the same pid", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    using pooled = await RawConnection.connect(runner.socket);
    const confToken = await prepare(pooled, [["loop", ""]]);
    await hung.send(requestBytes({ id: 4_000_000_001, confToken, path: "/loop" }));
    await runner.log.line("loops");
    await pooled.send(requestBytes({ id: 7, confToken }));
    using fresh = await RawConnection.connect(runner.socket);
    await fresh.send(prepareBytes(PRE_REQ, [["loop", ""]]));

    await hung.closed;
    // What APISIX takes as the wish to prepare its confs again.
    expect(await nextReply(pooled)).toEqual({ kind: "error", code: "CONF_TOKEN_NOT_FOUND" });
    expect(await nextReply(fresh)).toEqual({ kind: "conf-token", token: confToken });
    expect(await request(pooled, { id: 8, confToken })).toMatchObject({ kind: "stop", id: 8 });

    const [, noticed, tookOver] = runner.log.lines;
    expect(noticed).toMatch(
      / error a plugin did not yield: the process is replaced plugin=loop route=route#r1#ext-plugin-pre-req request=4000000001 where="a hook" ms=\d+$/,
    );
    expect(tookOver).toContain(` warn ${TOOK_OVER}`);
    expect(tookOver).toContain(` pid=${runner.process.pid} connections=1 replacements=1`);
    expect(runner.log.lines).toHaveLength(3);
    expect(await runner.stop()).toBe(0);
    expect(existsSync(runner.socket)).toBe(false);
  });

  test("takes no reply with it that was due in the same turn of the event loop", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using connections = new DisposableStack();
    const answered: RawConnection[] = [];
    for (let i = 0; i < 31; i++) {
      answered.push(connections.use(await RawConnection.connect(runner.socket)));
    }
    const [first] = answered;
    const confToken = await prepare(first!, [["loop", ""]]);
    using hung = await RawConnection.connect(runner.socket);
    // Replies are held where calls take microseconds: code that has run often does.
    for (let round = 0; round < 300; round++) {
      await Promise.all(answered.map((connection, id) => request(connection, { id, confToken })));
    }
    runner.process.kill("SIGSTOP");
    for (const [id, connection] of answered.entries()) {
      await connection.send(requestBytes({ id, confToken }));
    }
    await hung.send(requestBytes({ id: 99, confToken, path: "/loop" }));
    runner.process.kill("SIGCONT");

    for (const [id, connection] of answered.entries()) {
      expect(await nextReply(connection)).toMatchObject({ kind: "stop", id });
    }
    await hung.closed;
    await runner.log.line(TOOK_OVER);
    for (const connection of answered) {
      await connection.send(requestBytes({ confToken }));
      expect(await nextReply(connection)).toEqual({
        kind: "error",
        code: "CONF_TOKEN_NOT_FOUND",
      });
    }
  });

  test("may hang where it goes on after it has waited", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    const confToken = await prepare(hung, [["regex", ""]]);
    await hung.send(requestBytes({ id: 5, confToken }));
    await hung.next();
    await hung.send(answerBytes("a".repeat(10_000)));
    await hung.closed;
    expect(await runner.log.line("did not yield: the process")).toContain(
      "plugin=regex route=route#r1#ext-plugin-pre-req request=5",
    );
    expect(await runner.log.line(TOOK_OVER)).toContain("plugin=regex");
  });

  test("may hang in the response phase, whose client gets nothing of the upstream's", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    const confToken = await prepare(hung, [["loop", ""]], POST_RESP);
    await hung.send(responseBytes({ id: 6, confToken }));
    expect(await nextReply(hung)).toEqual(FAILED_RESPONSE);
    await hung.closed;
    expect(await runner.log.line("did not yield: the process")).toContain(
      "plugin=loop route=route#r1#ext-plugin-post-resp request=6",
    );
  });

  test("fails the responses that wait, and takes what their clients still have to say", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    using request = await RawConnection.connect(runner.socket);
    const masks = await prepare(hung, [["masks", ""]], POST_RESP);
    const waits = await prepare(hung, [["waits", ""]]);
    using asked = await RawConnection.connect(runner.socket, true);
    await asked.send(responseBytes({ confToken: masks }));
    expect(await nextReply(asked)).toMatchObject({ kind: "question" });
    await request.send(requestBytes({ confToken: waits }));
    expect(await nextReply(request)).toMatchObject({ kind: "question" });
    const confToken = await prepare(hung, [["loop", ""]]);
    await hung.send(requestBytes({ confToken, path: "/loop" }));

    // APISIX answers the request with a 503 of its own.
    await request.closed;
    expect(request.pending).toBe(0);
    expect(await nextReply(asked)).toEqual(FAILED_RESPONSE);
    await asked.ended;
    await runner.log.line(TOOK_OVER);
    // Where the upstream is slow, APISIX answers the question now, and reads the reply only if that could be written.
    const answered = asked.send(answerBytes("x".repeat(3_000_000)));
    const cut = asked.closed.then(() => "the connection was closed");
    expect(await Promise.race([answered, cut])).toBe(true);
    const before = socketsOf(runner.process.pid);
    asked.close();
    await until(() => socketsOf(runner.process.pid) < before);
  });

  test("adds nothing to a reply of which a part has been written", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    using reader = await RawConnection.connect(runner.socket);
    const swells = await prepare(hung, [["swells", ""]], POST_RESP);
    reader.pause();
    await reader.send(responseBytes({ confToken: swells }));
    const confToken = await prepare(hung, [["loop", ""]]);
    await hung.send(requestBytes({ confToken, path: "/loop" }));
    await runner.log.line("loops");
    // Now there is room for more.
    reader.resume();
    await reader.closed;
    const text = Buffer.concat(reader.chunks).toString();
    expect(text).toContain("masked");
    expect(text).not.toContain("503 Service Unavailable");
  });

  test("may sleep", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    const confToken = await prepare(hung, [["sleeps", ""]]);
    await hung.send(requestBytes({ id: 2, confToken }));
    await hung.closed;
    expect(await runner.log.line("did not yield: the process")).toContain("plugin=sleeps");
  });

  test("may hang in setup, while APISIX waits for a token", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    // From here on the plugins are there: what is sent before waits for them, and is read.
    await prepare(hung, [["setup", "fine"]]);
    await hung.send(prepareBytes(PRE_REQ, [["setup", "loop"]]));
    using other = await RawConnection.connect(runner.socket);
    await other.send(prepareBytes(PRE_REQ, [["setup", "fine"]]));
    await hung.closed;
    expect((await nextReply(other)).kind).toBe("conf-token");
    expect(await runner.log.line("did not yield: the process")).toContain(
      'plugin=setup route=route#r1#ext-plugin-pre-req where="its setup" ms=',
    );
  });

  test("may hang between calls, and then no connection is lost", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using pooled = await RawConnection.connect(runner.socket);
    const confToken = await prepare(pooled, [["timer", ""]]);
    expect(await request(pooled, { confToken })).toMatchObject({ kind: "stop" });
    expect(await prepare(pooled, [["loop", ""]])).toBeNumber();
    await runner.log.line(TOOK_OVER);
    expect(await prepare(pooled, [["loop", ""]])).toBeNumber();
    expect(runner.log.lines[0]).toMatch(
      / error code outside of any call did not yield: the process is replaced ms=\d+$/,
    );
  });

  test("is named among the others where several may have gone on", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    using hung = await RawConnection.connect(runner.socket);
    using waiting = await RawConnection.connect(runner.socket);
    const confToken = await prepare(hung, [["waits", ""]]);
    await hung.send(requestBytes({ id: 1, confToken }));
    await hung.next();
    await waiting.send(requestBytes({ id: 2, confToken }));
    await waiting.next();
    await hung.send(answerBytes("loop"));
    // Its call was read, and nobody is left who could answer it.
    await Promise.all([hung.closed, waiting.closed]);
    const line = await runner.log.line("one of these plugins, or a timer, did not yield");
    expect(line).toContain("waits on route#r1#ext-plugin-pre-req (request 1)");
    expect(line).toContain("waits on route#r1#ext-plugin-pre-req (request 2)");
  });

  test("is told in the log's own file and format", async () => {
    using dir = new TempDir();
    const file = dir.file("runner.log");
    const env = {
      APISIX_BUN_RUNNER_LOGGING_FILE: file,
      APISIX_BUN_RUNNER_LOGGING_FORMAT: "json",
    };
    await using runner = await startWith(dir, { env });
    using hung = await RawConnection.connect(runner.socket);
    using other = await RawConnection.connect(runner.socket);
    const confToken = await prepare(other, [["loop", ""]]);
    await hung.send(requestBytes({ id: 3, confToken, path: "/loop" }));
    await hung.closed;
    await request(other, { confToken });
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const records = lines.map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { level: "error", message: "loops", request: 3 },
      { level: "error", plugin: "loop", route: "route#r1#ext-plugin-pre-req", request: 3 },
      { level: "warn", plugin: "loop", pid: runner.process.pid },
    ]);
    expect(runner.log.lines).toEqual([]);
  });

  test("on its third time in a minute is not called there again, until a reload", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir);
    const key = "route#other#ext-plugin-pre-req#1";
    for (let time = 1; time <= 3; time++) {
      using hung = await RawConnection.connect(runner.socket);
      const confToken = await prepare(hung, [["loop", ""]]);
      await hung.send(requestBytes({ confToken, path: "/loop" }));
      await hung.closed;
      await runner.log.line(`replacements=${time}`);
    }
    await runner.log.line(
      / error 3 times within 60 s the plugin did not yield: .* plugin=loop route=route#r1#ext-plugin-pre-req$/,
    );
    using pooled = await RawConnection.connect(runner.socket);
    await pooled.send(prepareBytes(PRE_REQ, [["loop", ""]]));
    expect(await nextReply(pooled)).toEqual({ kind: "error", code: "BAD_REQUEST" });
    await runner.log.line("calls of this route fail: it did not yield time and again");
    expect(await prepare(pooled, [["loop", ""]], key)).toBeNumber();

    runner.process.kill("SIGHUP");
    // At this level nothing says that a reload is done.
    for (;;) {
      await pooled.send(prepareBytes(PRE_REQ, [["loop", ""]]));
      if ((await nextReply(pooled)).kind === "conf-token") break;
    }
  });
});

describe("the next image", () => {
  test("has the same arguments and environment, and nothing more", async () => {
    using dir = new TempDir();
    await using runner = await startWith(dir, { env: { OWN: "a=b c" } });
    using pooled = await RawConnection.connect(runner.socket);
    const ask = async (): Promise<unknown> => {
      const confToken = await prepare(pooled, [["environment", ""]]);
      const reply = await request(pooled, { confToken });
      return reply.kind === "stop" ? JSON.parse(String(reply.body)) : reply;
    };
    const before = await ask();
    for (const time of [1, 2]) {
      using hung = await RawConnection.connect(runner.socket);
      await hung.send(
        requestBytes({ confToken: await prepare(pooled, [["loop", ""]]), path: "/loop" }),
      );
      await runner.log.line(`replacements=${time}`);
      expect(await ask()).toEqual(before);
    }
    expect(before).toMatchObject({ env: { OWN: "a=b c" } });
  });

  test("cannot be where the executable has gone: the process ends, and APISIX starts another", async () => {
    using dir = new TempDir();
    const copy = dir.file("runner");
    copyFileSync(executable, copy);
    await using runner = await startWith(dir, { executable: copy });
    using hung = await RawConnection.connect(runner.socket);
    const confToken = await prepare(hung, [["loop", ""]]);
    unlinkSync(copy);
    await hung.send(requestBytes({ id: 9, confToken, path: "/loop" }));
    expect(await runner.process.exited).toBe(70);
    await runner.log.ended;
    const [, noticed, ended] = runner.log.lines;
    expect(noticed).toContain("plugin=loop route=route#r1#ext-plugin-pre-req request=9");
    expect(ended).toContain("the process ends, since it cannot be replaced");
    expect(runner.log.lines).toHaveLength(3);
  });
});

describe("work that takes its time", () => {
  test.each([
    ["less than the timeout is let be", "3s"],
    ["is let be with the watchdog off", "off"],
  ])("%s", async (_what, timeout) => {
    using dir = new TempDir();
    await using runner = await startWith(dir, { timeout });
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["slow", "900"]]);
    expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
    expect(runner.log.lines).toEqual([]);
  });
});
