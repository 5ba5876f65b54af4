/** The process as APISIX sees it: start, signals, takeover, the end of its parent. */
import { afterEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { executable } from "../support/executable.ts";
import {
  answerBytes,
  nextReply,
  POST_RESP,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const SLOW = `
  import { definePlugin, stop } from "apisix-bun-runner";
  export default definePlugin({
    async request({ vars }) { return stop(await vars.get("when")); },
  });
`;

/** A runner whose parent is gone and which is not yet known to be: a failed test must not leave it behind. */
let orphan: number | undefined;

afterEach(() => {
  if (orphan !== undefined) process.kill(orphan, "SIGKILL");
  orphan = undefined;
});

describe("start", () => {
  test("listens where APISIX says, says nothing, and keeps others out", async () => {
    await using runner = await RunnerProcess.start();
    using connection = await RawConnection.connect(runner.socket);
    await prepare(connection, [["say", "{}"]]);
    const { mode } = lstatSync(runner.socket);
    expect(mode & 0o777).toBe(process.getuid?.() === 0 ? 0o666 : 0o600);
    await runner.stop();
    expect(runner.log.lines).toEqual([]);
  });

  test("sets the socket's mode", async () => {
    await using runner = await RunnerProcess.start({
      env: { APISIX_BUN_RUNNER_SOCKET_MODE: "0660" },
    });
    expect(lstatSync(runner.socket).mode & 0o777).toBe(0o660);
  });

  test("without an address says what to set and exits 2", async () => {
    const { code, log } = await RunnerProcess.startAndExit({ env: { APISIX_LISTEN_ADDRESS: "" } });
    expect(code).toBe(2);
    expect(log.lines).toHaveLength(1);
    expect(log.text).toContain("APISIX_LISTEN_ADDRESS");
    expect(log.text).toContain("path_for_test");
  });

  test.each([
    ["a file", (path: string) => writeFileSync(path, "precious"), "a file is there and no socket"],
    ["a directory", (path: string) => mkdirSync(path), "a directory is there and no socket"],
    [
      "a symbolic link",
      (path: string) => symlinkSync("/dev/null", path),
      "a symbolic link is there",
    ],
  ])("where %s is, it says so and leaves it alone", async (_what, make, message) => {
    using dir = new TempDir();
    make(dir.file("s.sock"));
    const before = lstatSync(dir.file("s.sock")).ino;
    const { code, log } = await RunnerProcess.startAndExit({ socket: dir.file("s.sock") });
    expect(code).toBe(1);
    expect(log.lines).toHaveLength(1);
    expect(log.text).toContain(message);
    expect(lstatSync(dir.file("s.sock")).ino).toBe(before);
  });

  test.each([
    ["/nowhere/at/all.sock", "the directory /nowhere/at does not exist"],
    ["/dev/null/a.sock", "/dev/null is not a directory"],
    [`/tmp/${"x".repeat(120)}.sock`, "130 bytes long, 107 is the limit"],
  ])("at %s it says why not", async (socket, message) => {
    const { code, log } = await RunnerProcess.startAndExit({ socket });
    expect(code).not.toBe(0);
    expect(log.text).toContain(message);
  });

  test("replaces the socket that a dead runner left", async () => {
    using dir = new TempDir();
    const socket = dir.file("s.sock");
    {
      await using dead = await RunnerProcess.start({ socket });
      dead.process.kill("SIGKILL");
      await dead.process.exited;
    }
    expect(existsSync(socket)).toBe(true);
    await using runner = await RunnerProcess.start({ socket });
    using connection = await RawConnection.connect(runner.socket);
    await prepare(connection, [["say", "{}"]]);
  });
});

describe("stop", () => {
  test("SIGINT without a connection: gone at once, the socket too", async () => {
    await using runner = await RunnerProcess.start();
    expect(await runner.stop("SIGINT")).toBe(0);
    expect(existsSync(runner.socket)).toBe(false);
  });

  test("SIGTERM without a connection: there until its successor is", async () => {
    using dir = new TempDir();
    const socket = dir.file("s.sock");
    await using old = await RunnerProcess.start({ socket });
    const inode = lstatSync(socket).ino;
    let wasGone = false;
    const watcher = watch(dir.path, () => (wasGone ||= !existsSync(socket)));
    old.process.kill("SIGTERM");
    await using successor = await RunnerProcess.start({
      socket,
      executable: "/bin/sh",
      args: ["-c", 'sleep 0.3; exec "$0"', executable],
    });
    // Nothing was in the way of new connections at any time: the path led to one or the other.
    expect(await old.process.exited).toBe(0);
    expect(wasGone).toBe(false);
    watcher.close();
    expect(lstatSync(socket).ino).not.toBe(inode);
    expect(successor.process.exitCode).toBeNull();
  });

  test("after SIGTERM it accepts and answers until its time is up", async () => {
    await using runner = await RunnerProcess.start({
      env: { APISIX_BUN_RUNNER_LOGGING_LEVEL: "info" },
    });
    using first = await RawConnection.connect(runner.socket);
    const confToken = await prepare(first, [["say", '{"body":"hi"}']]);
    runner.process.kill("SIGTERM");
    await runner.log.line("stopping");
    using second = await RawConnection.connect(runner.socket);
    for (const connection of [first, second]) {
      expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
    }
    expect(await runner.process.exited).toBe(0);
    await Promise.all([first.closed, second.closed]);
    expect(existsSync(runner.socket)).toBe(false);
  });

  test("a call under way at SIGTERM gets its answer", async () => {
    using plugins = new TempDir();
    plugins.write("slow.ts", SLOW);
    await using runner = await RunnerProcess.start({
      args: ["start", "--plugins", plugins.path, "--log-level", "info"],
    });
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["slow", ""]]);
    await connection.send(requestBytes({ confToken }));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    runner.process.kill("SIGTERM");
    await runner.log.line("stopping");
    await connection.send(answerBytes("after SIGTERM"));
    expect(await nextReply(connection)).toMatchObject({ kind: "stop" });
  });

  test("a call that takes longer than that is cut, and the log says so", async () => {
    using plugins = new TempDir();
    plugins.write("slow.ts", SLOW);
    await using runner = await RunnerProcess.start({ args: ["start", "--plugins", plugins.path] });
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["slow", ""]]);
    await connection.send(requestBytes({ confToken }));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    expect(await runner.stop()).toBe(0);
    expect(await runner.log.line("still under way")).toContain(
      "stopped with 1 calls still under way after 900 ms",
    );
  });

  test("a response that takes longer fails, and its client gets nothing of the upstream's", async () => {
    using plugins = new TempDir();
    plugins.write(
      "masks.ts",
      `import { definePlugin } from "apisix-bun-runner";
       export default definePlugin({
         async response({ response, vars, signal }) {
           await vars.get("when");
           const { promise, resolve } = Promise.withResolvers();
           signal.addEventListener("abort", resolve);
           await promise;
           response.body = "late";
         },
       });`,
    );
    await using runner = await RunnerProcess.start({ args: ["start", "--plugins", plugins.path] });
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["masks", ""]], POST_RESP);
    await connection.send(responseBytes({ confToken }));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    await connection.send(answerBytes("now"));
    expect(await runner.stop()).toBe(0);
    expect(await nextReply(connection)).toMatchObject({
      kind: "response",
      status: 503,
      headers: [{ name: "content-type" }],
      body: Buffer.from("503 Service Unavailable\n"),
    });
    await connection.closed;
    expect(connection.pending).toBe(0);
    await runner.log.line("stopped with 1 calls still under way");
  });

  test("leaves alone the socket of a successor that takes nothing, and closes what is idle for it", async () => {
    using plugins = new TempDir();
    plugins.write("slow.ts", SLOW);
    using dir = new TempDir();
    const socket = dir.file("s.sock");
    await using old = await RunnerProcess.start({
      socket,
      args: ["start", "--plugins", plugins.path],
    });
    using idle = await RawConnection.connect(socket);
    using busy = await RawConnection.connect(socket);
    const confToken = await prepare(idle, [["slow", ""]]);
    await busy.send(requestBytes({ confToken }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });
    // A runner of another kind: it knows of no handover.
    const other = Bun.listen({ unix: dir.file("other.sock"), socket: { data: () => undefined } });
    renameSync(dir.file("other.sock"), socket);
    const theirs = lstatSync(socket).ino;
    old.process.kill("SIGTERM");
    await idle.closed;
    await busy.send(answerBytes("to the old one"));
    expect(await nextReply(busy)).toMatchObject({ kind: "stop" });
    expect(await old.process.exited).toBe(0);
    expect(lstatSync(socket).ino).toBe(theirs);
    other.stop(true);
  });

  test("leaves what somebody else put at the path", async () => {
    await using runner = await RunnerProcess.start();
    using moved = new TempDir();
    renameSync(runner.socket, moved.file("elsewhere.sock"));
    writeFileSync(runner.socket, "somebody's");
    expect(await runner.stop()).toBe(0);
    expect(existsSync(runner.socket)).toBe(true);
  });

  test("when its parent is killed, it goes as well", async () => {
    using dir = new TempDir();
    const socket = dir.file("s.sock");
    // The parent holds the other end of the runner's stdin, as APISIX does.
    const parent = Bun.spawn([process.execPath, "-e", PARENT, executable], {
      cwd: dir.path,
      env: {
        ...process.env,
        APISIX_LISTEN_ADDRESS: `unix:${socket}`,
        APISIX_CONF_EXPIRE_TIME: "3600",
      },
      stdout: "pipe",
    });
    const reader = parent.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    using connection = await RawConnection.connect(socket);
    await connection.send(prepareBytes(PRE_REQ, [["say", "{}"]]));
    await nextReply(connection);
    orphan = pid;
    parent.kill("SIGKILL");
    await connection.closed;
    await gone(pid);
    orphan = undefined;
    expect(existsSync(socket)).toBe(false);
  });
});

/** Starts the runner as a child and tells its pid once it listens. */
const PARENT = `
  const { existsSync } = require("node:fs");
  const path = process.env.APISIX_LISTEN_ADDRESS.slice(5);
  const child = require("node:child_process").spawn(process.argv[1], [], { stdio: ["pipe", "inherit", "inherit"] });
  const timer = setInterval(() => {
    if (!existsSync(path)) return;
    clearInterval(timer);
    console.log(child.pid);
  }, 1);
  setInterval(() => {}, 1000);
`;

/** Resolves when no process has this id any more, but for one that nobody has waited for. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const stat = await Bun.file(`/proc/${pid}/stat`)
      .text()
      .catch(() => "gone");
    if (stat === "gone" || / [ZX] /.test(stat)) return;
    await new Promise(setImmediate);
  }
}
