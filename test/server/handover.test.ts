/** One runner takes over from another on the same path: confs, the listener, connections. */
import { describe, expect, test } from "bun:test";
import { chownSync, existsSync, lstatSync, renameSync, writeFileSync } from "node:fs";
import {
  answerBytes,
  nextReply,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
} from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { FakeSuccessor } from "../support/fake-successor.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess, type RunnerOptions } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

/** A path for several runners, and plugins that tell which of them answers. */
class Path implements Disposable {
  readonly dir = new TempDir();
  readonly socket = this.dir.file("s.sock");
  readonly next = `${this.socket}.next`;

  constructor() {
    this.dir.write(
      "plugins/who.ts",
      `import { definePlugin, stop } from "apisix-bun-runner";
       export default definePlugin({ request: () => stop(String(process.pid)) });`,
    );
    this.dir.write(
      "plugins/slow.ts",
      `import { definePlugin, stop } from "apisix-bun-runner";
       export default definePlugin({
         async request({ vars }) { await vars.get("when"); return stop(String(process.pid)); },
       });`,
    );
    this.dir.write(
      "plugins/curious.ts",
      `import { definePlugin, stop } from "apisix-bun-runner";
       export default definePlugin({
         request({ vars }) { void vars.get("whatever"); return stop(String(process.pid)); },
       });`,
    );
  }

  /** A runner on this path that can be taken over from. */
  async start(options: RunnerOptions = {}): Promise<RunnerProcess> {
    const before = inode(this.next);
    const runner = await this.startWithoutOffer(options);
    while (inode(this.next) === before) await new Promise(setImmediate);
    return runner;
  }

  startWithoutOffer(options: RunnerOptions = {}): Promise<RunnerProcess> {
    const args = ["start", "--plugins", this.dir.file("plugins")];
    return RunnerProcess.start({ socket: this.socket, args, ...options });
  }

  connect(): Promise<RawConnection> {
    return RawConnection.connect(this.socket);
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

function inode(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

/** The process that answers on this connection. */
async function answerer(connection: RawConnection, confToken: number): Promise<number> {
  return pidOf(await request(connection, { confToken }));
}

function pidOf(reply: Awaited<ReturnType<typeof nextReply>>): number {
  if (reply.kind !== "stop") throw new Error(`no answer but ${JSON.stringify(reply)}`);
  return Number(Buffer.from(reply.body ?? []).toString());
}

/** Asks until this process answers. */
async function untilAnsweredBy(connection: RawConnection, confToken: number, pid: number) {
  while ((await answerer(connection, confToken)) !== pid);
}

describe("what a successor is given", () => {
  test("idle connections and the confs: nothing is closed, nothing prepared again", async () => {
    using path = new Path();
    await using old = await path.start();
    using pooled = await path.connect();
    const token = await prepare(pooled, [["who", ""]]);
    expect(await answerer(pooled, token)).toBe(old.process.pid);
    await using successor = await path.start();
    await untilAnsweredBy(pooled, token, successor.process.pid);
    using fresh = await path.connect();
    expect(await answerer(fresh, token)).toBe(successor.process.pid);
    expect(await old.stop()).toBe(0);
    expect(await answerer(pooled, token)).toBe(successor.process.pid);
  });

  test("more connections than are on their way at once", async () => {
    using path = new Path();
    await using old = await path.start();
    const pool = await Promise.all(Array.from({ length: 300 }, () => path.connect()));
    const token = await prepare(pool[0]!, [["who", ""]]);
    await using successor = await path.start();
    old.process.kill("SIGTERM");
    expect(await old.process.exited).toBe(0);
    const pids = await Promise.all(pool.map((connection) => answerer(connection, token)));
    expect(new Set(pids)).toEqual(new Set([successor.process.pid]));
    for (const connection of pool) connection[Symbol.dispose]();
  });

  test("a conf that its predecessor has prepared since", async () => {
    using path = new Path();
    await using old = await path.start();
    using busy = await path.connect();
    const slow = await prepare(busy, [["slow", ""]]);
    await busy.send(requestBytes({ confToken: slow }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });
    await using successor = await path.start();
    // It waits behind the call, and so is the predecessor's to answer.
    await busy.send(prepareBytes(PRE_REQ, [["who", "since"]]));
    await busy.send(answerBytes("now"));
    expect(pidOf(await nextReply(busy))).toBe(old.process.pid);
    const prepared = await nextReply(busy);
    if (prepared.kind !== "conf-token") throw new Error(JSON.stringify(prepared));
    using fresh = await path.connect();
    expect(await answerer(fresh, prepared.token)).toBe(successor.process.pid);
  });

  test("a busy connection when its call has been answered by the predecessor", async () => {
    using path = new Path();
    await using old = await path.start();
    using busy = await path.connect();
    const slow = await prepare(busy, [["slow", ""]]);
    const who = await prepare(busy, [["who", ""]]);
    await busy.send(requestBytes({ confToken: slow }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });
    await using successor = await path.start();
    old.process.kill("SIGTERM");
    await busy.send(answerBytes("now"));
    expect(pidOf(await nextReply(busy))).toBe(old.process.pid);
    expect(await answerer(busy, who)).toBe(successor.process.pid);
    expect(await old.process.exited).toBe(0);
  });

  test("a connection only once the answers to all its questions have come", async () => {
    using path = new Path();
    await using old = await path.start();
    using connection = await path.connect();
    const curious = await prepare(connection, [["curious", ""]]);
    const who = await prepare(connection, [["who", ""]]);
    await connection.send(requestBytes({ confToken: curious }));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    expect(pidOf(await nextReply(connection))).toBe(old.process.pid);
    await using successor = await path.start();
    using other = await path.connect();
    await untilAnsweredBy(other, who, successor.process.pid);
    await connection.send(answerBytes("late"));
    // An answer that reached the successor would be refused there: one reply too many.
    await untilAnsweredBy(connection, who, successor.process.pid);
    expect(connection.pending).toBe(0);
  });

  test("what it was given itself, in the third generation too", async () => {
    using path = new Path();
    await using first = await path.start();
    using pooled = await path.connect();
    const used = await prepare(pooled, [["who", "used"]]);
    const unused = await prepare(pooled, [["who", "unused"]]);
    await using second = await path.start();
    expect(await first.stop()).toBe(0);
    expect(await answerer(pooled, used)).toBe(second.process.pid);
    await using third = await path.start();
    expect(await second.stop()).toBe(0);
    expect(await answerer(pooled, used)).toBe(third.process.pid);
    expect(await answerer(pooled, unused)).toBe(third.process.pid);
  });

  test("by one of two at a time that start at once: every connection is answered", async () => {
    using path = new Path();
    await using old = await path.start();
    const pool = await Promise.all(Array.from({ length: 50 }, () => path.connect()));
    const token = await prepare(pool[0]!, [["who", ""]]);
    const starts = await Promise.all([path.startWithoutOffer(), path.startWithoutOffer()]);
    await using one = starts[0];
    await using two = starts[1];
    expect(await old.stop()).toBe(0);
    const pids = await Promise.all(pool.map((connection) => answerer(connection, token)));
    const { pid } = one.process;
    expect(pids.every((answered) => answered === pid || answered === two.process.pid)).toBe(true);
    for (const connection of pool) connection[Symbol.dispose]();
  });

  test("as many as it may have open: the others stay where they are", async () => {
    using path = new Path();
    await using old = await path.start();
    const pool = await Promise.all(Array.from({ length: 100 }, () => path.connect()));
    const token = await prepare(pool[0]!, [["who", ""]]);
    await using successor = await path.startWithoutOffer({
      executable: "/bin/sh",
      args: [
        "-c",
        'ulimit -n 64; exec "$0" start --plugins "$1"',
        executable,
        path.dir.file("plugins"),
      ],
    });
    await untilAnsweredBy(pool[0]!, token, successor.process.pid);
    const pids = await Promise.all(pool.map((connection) => answerer(connection, token)));
    expect(new Set(pids)).toEqual(new Set([old.process.pid, successor.process.pid]));
    for (const connection of pool) connection[Symbol.dispose]();
  });
});

describe("a predecessor", () => {
  test("that has only just started is waited for until it makes its offer", async () => {
    using path = new Path();
    const { promise: hello, resolve } = Promise.withResolvers<string>();
    const offers: Bun.SocketListener<undefined>[] = [];
    const makeOffer = (): void => {
      // As a runner does: whoever sees the file can connect.
      const unix = path.dir.file("unseen.sock");
      offers.push(Bun.listen({ unix, socket: { data: (_, chunk) => resolve(chunk.toString()) } }));
      renameSync(unix, path.next);
    };
    // It is there, as the successor has just found, before it can be taken over from.
    const young = Bun.listen({
      unix: path.socket,
      // Nothing tells when the successor has looked: some looks later.
      socket: { open: () => void setTimeout(makeOffer, 20), data: () => undefined },
    });
    await using _successor = await path.startWithoutOffer();
    expect(await hello).toContain('"hello"');
    for (const listener of [young, ...offers]) listener.stop(true);
  });

  test("that was killed: its files are replaced", async () => {
    using path = new Path();
    {
      await using dead = await path.start();
      dead.process.kill("SIGKILL");
      await dead.process.exited;
    }
    expect(existsSync(path.next)).toBe(true);
    await using runner = await path.start();
    using connection = await path.connect();
    expect(await answerer(connection, await prepare(connection, [["who", ""]]))).toBe(
      runner.process.pid,
    );
  });

  test("that hangs is not waited for, and gives what it has when it is back", async () => {
    using path = new Path();
    await using old = await path.start();
    using pooled = await path.connect();
    const token = await prepare(pooled, [["who", ""]]);
    old.process.kill("SIGSTOP");
    using waiting = await path.connect();
    await waiting.send(requestBytes({ confToken: token }));
    await using successor = await path.startWithoutOffer();
    using fresh = await path.connect();
    expect(await request(fresh, { confToken: token })).toMatchObject({
      kind: "error",
      code: "CONF_TOKEN_NOT_FOUND",
    });
    expect(await prepare(fresh, [["who", ""]])).toBe(token);
    expect(await answerer(fresh, token)).toBe(successor.process.pid);
    old.process.kill("SIGCONT");
    // It waited to be accepted by the one that hung.
    pidOf(await nextReply(waiting));
    await untilAnsweredBy(waiting, token, successor.process.pid);
    await untilAnsweredBy(pooled, token, successor.process.pid);
  });

  test.each([
    ["says what no runner says", (socket: Bun.Socket) => void socket.write("220 smtp ready\r\n")],
    ["says null", (socket: Bun.Socket) => void socket.write("null\n")],
    ["says something else", (socket: Bun.Socket) => void socket.write('{"say":"moo"}\n')],
    ["says nothing", () => undefined],
    ["hangs up", (socket: Bun.Socket) => void socket.end()],
  ])("that %s is started without", async (_what, data) => {
    using path = new Path();
    const impostor = Bun.listen({ unix: path.next, socket: { data } });
    await using runner = await path.start();
    using connection = await path.connect();
    const token = await prepare(connection, [["who", ""]]);
    expect(await answerer(connection, token)).toBe(runner.process.pid);
    expect(await request(connection, { confToken: token + 1 })).toMatchObject({ kind: "error" });
    impostor.stop(true);
  });

  test.if(isRoot)("of another user is told nothing (needs root, to be two users)", async () => {
    using path = new Path();
    let heard = 0;
    // Ours by its owner, as if it had been put there at the right moment; but root listens.
    const impostor = Bun.listen({ unix: path.next, socket: { data: () => void heard++ } });
    for (const file of [path.dir.path, path.next]) chownSync(file, NOBODY, NOBODY);
    using cwd = new TempDir();
    writeFileSync(cwd.file("runner"), await Bun.file(executable).bytes(), { mode: 0o755 });
    chownSync(cwd.path, NOBODY, NOBODY);
    const id = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
    await using _runner = await path.start({
      executable: "/usr/bin/setpriv",
      args: [...id, cwd.file("runner"), "start"],
    });
    using connection = await path.connect();
    await prepare(connection, [["say", "{}"]]);
    expect(heard).toBe(0);
    impostor.stop(true);
  });
});

describe("the offer", () => {
  test("is for the same user, and gone when the runner is", async () => {
    using path = new Path();
    await using runner = await path.start({ env: { APISIX_BUN_RUNNER_SOCKET_MODE: "0666" } });
    expect(lstatSync(path.next).mode & 0o777).toBe(0o600);
    expect(await runner.stop()).toBe(0);
    expect(existsSync(path.socket)).toBe(false);
    expect(existsSync(path.next)).toBe(false);
  });

  test("is not made where a file is in its place, and the log says so", async () => {
    using path = new Path();
    writeFileSync(path.next, "somebody's");
    await using runner = await path.startWithoutOffer();
    expect(await runner.log.line("cannot take over")).toContain("a file is there and no socket");
    using connection = await path.connect();
    await prepare(connection, [["who", ""]]);
    expect(lstatSync(path.next).isFile()).toBe(true);
  });

  test.each([
    ["garbage", "GET / HTTP/1.1\r\n\r\n"],
    ["another version", '{"say":"hello","version":99,"pid":1,"key":"k"}\n'],
    ["null", "null\n"],
  ])("is closed to %s", async (_what, words) => {
    using path = new Path();
    await using runner = await path.start();
    using stranger = await FakeSuccessor.connect(path.next);
    stranger.write(words);
    await stranger.closed;
    using connection = await path.connect();
    expect(await answerer(connection, await prepare(connection, [["who", ""]]))).toBe(
      runner.process.pid,
    );
  });

  test("taken by one that dies before it has what was sent: connections stay", async () => {
    using path = new Path();
    await using runner = await path.start();
    using pooled = await path.connect();
    const token = await prepare(pooled, [["who", ""]]);
    {
      using successor = await FakeSuccessor.greet(path.next);
      expect(await successor.heard("confs-end")).toContain("who");
      successor.say({ say: "ready" });
      await successor.heard('"connection"');
      await pooled.send(requestBytes({ confToken: token }));
    }
    expect(pidOf(await nextReply(pooled))).toBe(runner.process.pid);
    using fresh = await path.connect();
    expect(await answerer(fresh, token)).toBe(runner.process.pid);
  });

  test("taken by one that can take nothing: connections stay", async () => {
    using path = new Path();
    await using runner = await path.start();
    using pooled = await path.connect();
    const token = await prepare(pooled, [["who", ""]]);
    using successor = await FakeSuccessor.greet(path.next);
    successor.refuseAll();
    successor.say({ say: "ready" });
    await successor.heard('"connection"');
    for (let i = 0; i < 20; i++) {
      expect(await answerer(pooled, token)).toBe(runner.process.pid);
    }
  });
});
