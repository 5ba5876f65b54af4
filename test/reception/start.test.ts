/** The executable, asked as soon as its socket is there: nobody can tell how much of it has been loaded by then. */
import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { executable } from "../support/executable.ts";
import {
  nextReply,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

test("a conf, and the calls that follow at once", async () => {
  await using runner = await RunnerProcess.start();
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [["say", '{"body":"early"}']]);
  for (let id = 1; id <= 3; id++) {
    expect(await request(connection, { id, confToken })).toMatchObject({ kind: "stop", id });
  }
  expect(runner.log.lines).toEqual([]);
});

test("a conf, and a call in the same write", async () => {
  await using runner = await RunnerProcess.start();
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [["stop", "{}"]]);
  await using again = await RunnerProcess.start();
  using other = await RawConnection.connect(again.socket);
  // Tokens come from what a conf says, so another process gives the same.
  await other.send(prepareBytes(PRE_REQ, [["stop", "{}"]]), requestBytes({ id: 5, confToken }));
  expect(await nextReply(other)).toEqual({ kind: "conf-token", token: confToken });
  expect(await nextReply(other)).toMatchObject({ kind: "stop", id: 5, status: 201 });
});

test("a call before any conf: APISIX prepares it again", async () => {
  await using runner = await RunnerProcess.start();
  using connection = await RawConnection.connect(runner.socket);
  expect(await request(connection, { confToken: 42 })).toMatchObject({ kind: "error" });
});

test("a conf byte by byte", async () => {
  await using runner = await RunnerProcess.start();
  using connection = await RawConnection.connect(runner.socket);
  for (const byte of prepareBytes(PRE_REQ, [["stop", "{}"]])) {
    await connection.send(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  expect(await nextReply(connection)).toMatchObject({ kind: "conf-token" });
});

test("what a plugin sets up for a conf is there for its calls, and once", async () => {
  await using runner = await RunnerProcess.start();
  using connection = await RawConnection.connect(runner.socket);
  const conf = '{"rate":0.001}';
  const confToken = await prepare(connection, [["limit-req", conf]]);
  const kinds: string[] = [];
  for (let id = 1; id <= 3; id++) {
    kinds.push((await request(connection, { id, confToken })).kind);
  }
  expect(kinds).toEqual(["continue", "stop", "stop"]);
});

describe("what is wrong is refused, with the reason in the log", () => {
  test.each([
    ["say", '{"body":5}', /conf is not valid: body/],
    ["nobody", "{}", /there is no plugin of this name; there are .*say/],
  ])("%s %s", async (plugin, conf, reason) => {
    await using runner = await RunnerProcess.start();
    using connection = await RawConnection.connect(runner.socket);
    await connection.send(prepareBytes(PRE_REQ, [[plugin, conf]]));
    expect(await nextReply(connection)).toEqual({ kind: "error", code: "BAD_REQUEST" });
    await runner.log.line(reason);
  });
});

test("many connections at once, each with a conf of its own", async () => {
  await using runner = await RunnerProcess.start();
  const answers = Array.from({ length: 40 }, async (_, i) => {
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(
      connection,
      [["say", `{"body":"${i}"}`]],
      `route#${i}#ext-plugin-pre-req#1`,
    );
    return await request(connection, { id: i, confToken });
  });
  const replies = await Promise.all(answers);
  expect(replies.map((reply) => ("id" in reply ? reply.id : reply))).toEqual(
    replies.map((_, i) => i),
  );
});

test("SIGHUP at once: it goes on, and reloads", async () => {
  using dir = new TempDir();
  const config = dir.write("config.yaml", "logging:\n  level: info\n");
  await using runner = await RunnerProcess.start({ args: ["--config", config] });
  runner.process.kill("SIGHUP");
  await runner.log.line(/reload/);
  using connection = await RawConnection.connect(runner.socket);
  await prepare(connection, [["stop", "{}"]]);
});

test("a plain file beside it says how to log", async () => {
  using dir = new TempDir();
  const config = dir.write("config.yaml", "logging:\n  level: info\n  format: json\n");
  await using runner = await RunnerProcess.start({ args: ["--config", config] });
  const line = await runner.log.line(/listening/);
  expect(JSON.parse(line)).toMatchObject({ message: "listening", socket: runner.socket });
});

test("where a killed runner has left its socket, the next one starts as if it were not there", async () => {
  using dir = new TempDir();
  const socket = dir.file("r.sock");
  await using killed = await RunnerProcess.start({ socket });
  await killed.stop("SIGKILL");
  const { ino } = lstatSync(socket);
  await using runner = await RunnerProcess.start({ socket });
  expect(lstatSync(socket).ino).not.toBe(ino);
  using connection = await RawConnection.connect(socket);
  await prepare(connection, [["stop", "{}"]]);
  connection.close();
  await connection.closed;
  expect(await runner.stop("SIGINT")).toBe(0);
  expect(existsSync(socket)).toBe(false);
});

test("what fails when the socket is there ends the process, and the socket with it", async () => {
  using dir = new TempDir();
  const cwd = dir.file("cwd");
  const ended = async (): Promise<RunnerProcess | undefined> => {
    mkdirSync(cwd);
    const runner = await RunnerProcess.start({
      executable: "/bin/sh",
      args: ["-c", 'cd "$1"; exec "$0"', executable, cwd],
    });
    // The reader of settings asks for it, some milliseconds from now.
    rmdirSync(cwd);
    const connection = await RawConnection.connect(runner.socket);
    void connection.send(requestBytes({ confToken: 1 }));
    const isServing = await Promise.race([
      connection.next().then(() => true),
      runner.process.exited.then(() => false),
    ]);
    connection.close();
    if (!isServing) return runner;
    await runner[Symbol.asyncDispose]();
    return undefined;
  };
  let runner: RunnerProcess | undefined;
  // It may have been faster, and is started again then.
  while (runner === undefined) runner = await ended();
  await using gone = runner;
  await gone.log.ended;
  expect(gone.process.exitCode).toBe(1);
  expect(gone.log.text).toContain("ENOENT");
  expect(existsSync(gone.socket)).toBe(false);
});

test("a file with quotes, comments and settings of which none counts before the first call", async () => {
  using dir = new TempDir();
  const config = dir.write(
    "config.yaml",
    `# of the edge
socket:
    file: $env.APISIX_LISTEN_ADDRESS
logging:   # to a file
  level: "INFO"  # not only what is wrong
  file: '${dir.file("runner.log")}'
secrets:
  env: [API_KEY, OTHER]
store:
  url: memory
`,
  );
  await using runner = await RunnerProcess.start({ args: ["start", "--config", config] });
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [["stop", "{}"]]);
  expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
  expect(readFileSync(dir.file("runner.log"), "utf8")).toContain("listening");
  expect(runner.log.lines).toEqual([]);
});

describe("with a folder of plugins", () => {
  const HELLO = `import { stop } from "apisix-bun-runner";\nexport default { request: () => stop("hello") };\n`;

  test("a conf that comes at once waits for the folder, and so do its calls", async () => {
    using dir = new TempDir();
    dir.write("plugins/hello.ts", HELLO);
    dir.write("plugins/slow.ts", `await Bun.sleep(100);\n${HELLO}`);
    const config = dir.write("config.yaml", "plugins:\n  dirs: [plugins]\n");
    await using runner = await RunnerProcess.start({ args: ["--config", config] });
    using connection = await RawConnection.connect(runner.socket);
    for (const plugin of ["slow", "hello", "stop"]) {
      const confToken = await prepare(connection, [[plugin, "{}"]]);
      expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
    }
    expect(runner.log.lines).toEqual([]);
  });

  test("a conf of the executable's plugin is refused where one of a folder has its name", async () => {
    using dir = new TempDir();
    dir.write("stop.ts", HELLO);
    await using runner = await RunnerProcess.start({ args: ["start", "--plugins", dir.path] });
    using connection = await RawConnection.connect(runner.socket);
    await connection.send(prepareBytes(PRE_REQ, [["stop", "{}"]]));
    expect(await nextReply(connection)).toEqual({ kind: "error", code: "BAD_REQUEST" });
    await runner.log.line(/the name is used twice/);
  });
});

test("a file that says something else than it seems to is read as it is", async () => {
  using dir = new TempDir();
  const config = dir.write("config.yaml", "logging:\n  level: info\n  levle: debug\n");
  const { code, log, runner } = await RunnerProcess.startAndExit({ args: ["--config", config] });
  expect(code).toBe(2);
  expect(log.text).toContain("levle");
  expect(existsSync(runner.socket)).toBe(false);
});
