/** SIGHUP: the settings and the plugins again, while connections, tokens and calls go on. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import {
  answerBytes,
  type Conf,
  nextReply,
  POST_RESP,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { LineLog } from "../support/line-log.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let runner: RunnerProcess;
let connection: RawConnection;
let reloads: number;

beforeEach(() => {
  dir = new TempDir();
  reloads = 0;
});

afterEach(async () => {
  connection[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

const configure = (yaml: string): string => dir.write("config.yaml", yaml);

/** What most tests begin with: reloads are logged at level info. */
const LOGGED = "logging: { level: info }";

async function start(yaml: string): Promise<void> {
  runner = await RunnerProcess.start({ args: ["start", "--config", configure(yaml)], env });
  connection = await RawConnection.connect(runner.socket);
}

const env = { TOKEN: "from the environment" };

/** Tells the runner to reload; resolves with the first line it says of that. */
function hangUp(): Promise<string> {
  runner.process.kill("SIGHUP");
  return runner.log.line(new RegExp(`\\breload"?[=:]${++reloads}\\b`));
}

function reload(yaml: string): Promise<string> {
  configure(yaml);
  return hangUp();
}

async function answer(confToken: number, on = connection): Promise<string> {
  const reply = await request(on, { confToken });
  if (reply.kind === "error") return String(reply.code);
  return reply.kind === "stop" ? Buffer.from(reply.body ?? "").toString() : reply.kind;
}

/** The kind of reply to PrepareConf: a token, or the code of a refusal. */
async function prepared(conf: Conf): Promise<string> {
  await connection.send(prepareBytes(PRE_REQ, conf));
  const reply = await nextReply(connection);
  return reply.kind === "error" ? String(reply.code) : reply.kind;
}

const saying = (text: string, setup = "") => `
  import { stop } from "apisix-bun-runner";
  export default {
    setup: (config, { log }) => ({ log, [Symbol.dispose]: () => log.error("disposed of ${text}") }),
    async request({ request, vars }) {
      ${setup}
      if (request.path === "/wait") await vars.get("go");
      return stop("${text}");
    },
  };`;

describe("plugins", () => {
  test("run their new code on every connection there was, under the tokens there were", async () => {
    dir.write("plugins/it.ts", saying("old"));
    await start(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
    const pooled = [connection];
    for (let i = 0; i < 4; i++) pooled.push(await RawConnection.connect(runner.socket));
    const busy = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["it", ""]]);
    const bundled = await prepare(connection, [["say", '{"body":"bundled"}']]);
    for (const one of pooled) expect(await answer(confToken, one)).toBe("old");
    await busy.send(requestBytes({ confToken, path: "/wait" }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });

    dir.write("plugins/it.ts", saying("new"));
    dir.write("plugins/broken.ts", "export default {");
    expect(await reload(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`)).toEndWith(
      "info reloaded changed=[] plugins=1 failed=1 confs=1 reload=1",
    );
    for (const one of pooled) expect(await answer(confToken, one)).toBe("new");
    expect(await answer(bundled)).toBe("bundled");
    expect(await prepare(connection, [["it", ""]])).toBe(confToken);
    // The call that was under way ends on the code it began on, and that code with it.
    expect(runner.log.text).not.toContain("disposed of old");
    await busy.send(answerBytes("1"));
    const reply = await nextReply(busy);
    expect(reply.kind === "stop" && Buffer.from(reply.body ?? "").toString()).toBe("old");
    await runner.log.line("disposed of old");
    for (const one of [...pooled, busy]) one[Symbol.dispose]();
  });

  test("come and go with their folders", async () => {
    dir.write("one/first.ts", saying("first"));
    dir.write("two/second.ts", saying("second"));
    await start(LOGGED);
    expect(await prepared([["first", ""]])).toBe("BAD_REQUEST");

    const line = await reload(`{ ${LOGGED}, plugins: { dirs: [one] } }`);
    expect(line).toContain('changed=["plugins.dirs"] plugins=1 failed=0');
    const first = await prepare(connection, [["first", ""]]);
    expect(await answer(first)).toBe("first");

    await reload(`{ ${LOGGED}, plugins: { dirs: [two] } }`);
    expect(await answer(first)).toBe("SERVICE_UNAVAILABLE");
    expect(await answer(await prepare(connection, [["second", ""]]))).toBe("second");

    await reload(`{ ${LOGGED}, plugins: { dirs: [two, one] } }`);
    expect(await answer(first)).toBe("first");
    await reload(LOGGED);
    expect(await answer(first)).toBe("SERVICE_UNAVAILABLE");
    await runner.log.line("disposed of second");
  });

  test("of a bundled plugin's name make it fail until they are gone", async () => {
    dir.write("plugins/other.ts", saying("other"));
    await start(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
    const confToken = await prepare(connection, [["say", '{"body":"bundled"}']]);
    expect(await answer(confToken)).toBe("bundled");

    renameSync(dir.file("plugins/other.ts"), dir.file("plugins/say.ts"));
    await hangUp();
    expect(await answer(confToken)).toBe("SERVICE_UNAVAILABLE");
    expect(runner.log.text).toContain("the name is used twice");

    rmSync(dir.file("plugins/say.ts"));
    await hangUp();
    expect(await answer(confToken)).toBe("bundled");
  });

  test("are watched from the reload on that says so, until another says otherwise", async () => {
    dir.write("plugins/it.ts", saying("first"));
    await start(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
    expect(inotifyWatches()).toBe(0);
    const line = await reload(`{ ${LOGGED}, plugins: { dirs: [plugins], watch: true } }`);
    expect(line).toContain('changed=["plugins.watch"]');
    const watches = inotifyWatches();
    expect(watches).toBeGreaterThan(0);
    dir.write("plugins/it.ts", saying("second"));
    await runner.log.line("plugins loaded again");
    expect(await answer(await prepare(connection, [["it", ""]]))).toBe("second");

    await hangUp();
    expect(inotifyWatches()).toBe(watches);
    await reload(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
    expect(inotifyWatches()).toBe(0);
  });
});

describe("the log", () => {
  test("takes another level and format, for loggers there are as well", async () => {
    await start("logging: { level: warn }");
    const confToken = await prepare(connection, [["say", '{"body":"x"}']]);
    await answer(confToken);
    await reload("logging: { level: debug, format: json }");
    // The conf was not prepared again: its logger is the one that it had.
    await answer(confToken);
    const traces = runner.log.lines.filter((line) => line.includes("plugin ran"));
    expect(traces).toEqual([expect.stringContaining('"level":"debug"')]);
    const changed = JSON.parse(await runner.log.line('"message":"reloaded"'));
    expect(changed).toMatchObject({ changed: ["logging.level", "logging.format"], reload: 1 });
  });

  test("opens its file again, or another one", async () => {
    const log = (name: string) => `{ logging: { level: info, file: ${name} } }`;
    const lines = (name: string) => readFileSync(dir.file(name), "utf8").trimEnd().split("\n");
    await start(log("a.log"));
    const confToken = await prepare(connection, [["say", '{"body":"x"}']]);
    renameSync(dir.file("a.log"), dir.file("a.log.1"));
    // Nothing is said on stderr: the file itself is where to look.
    const wanted = async (name: string) => {
      runner.process.kill("SIGHUP");
      while (!(await Bun.file(dir.file(name)).exists()) || !lines(name)[0]?.includes("reload=")) {
        await answer(confToken);
      }
    };
    await wanted("a.log");
    expect(lines("a.log")).toEqual([expect.stringContaining("reload=1")]);
    expect(lines("a.log.1")).toEqual([expect.stringContaining("listening")]);
    configure(log("b.log"));
    await wanted("b.log");
    expect(lines("b.log")).toEqual([expect.stringContaining('changed=["logging.file"]')]);
    expect(lines("a.log")).toHaveLength(1);
  });
});

describe("settings", () => {
  test("that are in error change nothing, not even the plugins", async () => {
    dir.write("plugins/it.ts", saying("old"));
    await start(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
    const confToken = await prepare(connection, [["it", ""]]);
    dir.write("plugins/it.ts", saying("new"));
    const first = await reload(
      "logging:\n  level: error\nplugins:\n  dirs: [plugins]\n  timout: 1s",
    );
    expect(first).toContain(" error nothing was reloaded, the configuration is in error: ");
    expect(first).toContain(`${dir.file("config.yaml")}:5:3: unknown key plugins.timout`);
    expect(await answer(confToken)).toBe("old");

    const file = dir.file("nowhere/runner.log");
    const second = await reload(`{ logging: { file: ${file} }, plugins: { dirs: [] } }`);
    expect(second).toContain(`the log file "${file}" cannot be opened: ENOENT`);
    expect(await answer(confToken)).toBe("old");

    expect(await reload(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`)).toContain("info reloaded");
    expect(await answer(confToken)).toBe("new");
  });

  test("that need a restart are named in one line, each time until there was one", async () => {
    await start(LOGGED);
    const changed = `{ ${LOGGED}, socket: { mode: "0660", file: /tmp/elsewhere.sock }, plugins: { timeout: 1s } }`;
    const expected = "warn a restart is needed for socket.file, socket.mode: what was set at start";
    expect(await reload(changed)).toContain(expected);
    expect(await runner.log.line("info reloaded")).toContain('changed=["plugins.timeout"]');
    expect(await reload(changed)).toContain(expected);
    expect(await runner.log.line("nothing to reload")).toContain("reload=2");
    using _other = await RawConnection.connect(runner.socket);
    expect(await reload(LOGGED)).not.toContain("restart");
  });

  test("none of which is there to reload leave the runner alone", async () => {
    await start(LOGGED);
    const confToken = await prepare(connection, [["say", '{"body":"x"}']]);
    expect(await hangUp()).toContain("info nothing to reload: ");
    expect(await answer(confToken)).toBe("x");
  });

  test("of time: a plugin has the new one from the next call on", async () => {
    dir.write("plugins/it.ts", saying("in time"));
    await start(`{ ${LOGGED}, plugins: { dirs: [plugins], timeout: 55s } }`);
    const confToken = await prepare(connection, [["it", ""]]);
    await reload(`{ ${LOGGED}, plugins: { dirs: [plugins], timeout: 20ms } }`);
    await connection.send(requestBytes({ confToken, path: "/wait" }));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    expect(await nextReply(connection)).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await runner.log.line("no answer within 20 ms");
  });

  test("of size: a decoded body, and the confs that are kept", async () => {
    dir.write(
      "plugins/read.ts",
      `export default { async response({ response }) { response.body = "[" + await response.text() + "]"; } };`,
    );
    const limits = (confs: number, decodedBody: number) =>
      `{ ${LOGGED}, plugins: { dirs: [plugins] }, limits: { confs: ${confs}, decodedBody: ${decodedBody} } }`;
    await start(limits(10, 1000));
    const other = await prepare(connection, [["say", '{"body":"x"}']]);
    const confToken = await prepare(connection, [["read", ""]], POST_RESP);
    const status = async () => {
      const headers = [{ name: "content-encoding", value: "gzip" }];
      await connection.send(responseBytes({ confToken, headers }));
      expect(await nextReply(connection)).toMatchObject({ kind: "question" });
      await connection.send(answerBytes(Bun.gzipSync(Buffer.from("a".repeat(100)))));
      const reply = await nextReply(connection);
      return reply.kind === "response" ? reply.status : reply;
    };
    const before = await status();
    const line = await reload(limits(1, 99));
    expect(line).toContain('changed=["limits.confs","limits.decodedBody"]');
    expect(await status()).toBe(503);
    expect(before).not.toBe(503);
    expect(await answer(other)).toBe("CONF_TOKEN_NOT_FOUND");
  });
});

test("secrets can be named by confs, and no longer, as the settings say", async () => {
  dir.write(
    "plugins/it.ts",
    `import { secret, stop } from "apisix-bun-runner";
     export default { config: secret, request: ({ config }) => stop(config.reveal()) };`,
  );
  const allowing = (names: string) =>
    `{ ${LOGGED}, plugins: { dirs: [plugins] }, secrets: { env: [${names}] } }`;
  await start(allowing(""));
  const conf: Conf = [["it", "$env://TOKEN"]];
  expect(await prepared(conf)).toBe("BAD_REQUEST");
  expect(await reload(allowing("TOKEN"))).toContain('changed=["secrets.env"]');
  const confToken = await prepare(connection, conf);
  expect(await answer(confToken)).toBe("from the environment");
  await reload(allowing(""));
  expect(await answer(confToken)).toBe("SERVICE_UNAVAILABLE");
});

describe("SIGHUP", () => {
  test("before the start has finished is neither deadly nor lost", async () => {
    dir.write("plugins/it.ts", saying("it"));
    // Whoever reads a pipe waits for a writer: the runner is in the middle of its start.
    const pipe = dir.file("config.yaml");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    const child = Bun.spawn(
      [executable, "start", "--config", pipe, "--socket", dir.file("runner.sock")],
      { stdout: "pipe", stderr: "pipe" },
    );
    try {
      const log = new LineLog();
      log.collect(child.stderr);
      const writer = await open(pipe, "w");
      child.kill("SIGHUP");
      rmSync(pipe);
      configure(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
      await writer.write(`{ ${LOGGED} }`);
      await writer.close();
      expect(await log.line("reload=1")).toContain('changed=["plugins.dirs"] plugins=1');
      expect(log.lines[0]).toContain("listening");
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

  test("after SIGTERM is ignored", async () => {
    dir.write("plugins/it.ts", saying("it"));
    await start(`{ ${LOGGED}, plugins: { dirs: [plugins] } }`);
    const confToken = await prepare(connection, [["it", ""]]);
    runner.process.kill("SIGTERM");
    await runner.log.line("stopping");
    runner.process.kill("SIGHUP");
    expect(await answer(confToken)).toBe("it");
    expect(await runner.process.exited).toBe(0);
    await runner.log.ended;
    expect(runner.log.text).not.toContain("reload");
  });
});

/** How many files and folders the runner watches. */
function inotifyWatches(): number {
  const { stdout } = Bun.spawnSync(["sh", "-c", `cat /proc/${runner.process.pid}/fdinfo/*`]);
  return stdout.toString().match(/^inotify wd:/gm)?.length ?? 0;
}
