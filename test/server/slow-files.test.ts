/** Plugin files that take their time: the socket is there first, in every kind of start, and calls wait. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { lstatSync, rmSync } from "node:fs";
import { nextReply, prepare, prepareBytes, PRE_REQ, requestBytes } from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

/** A path for several runners, whose plugin file keeps the thread until a gate opens. */
class Gated implements Disposable {
  readonly dir = new TempDir();
  readonly socket = this.dir.file("s.sock");

  constructor() {
    this.dir.write(
      "plugins/gated.ts",
      `import { existsSync } from "node:fs";
       import { definePlugin, stop } from "apisix-bun-runner";
       while (!existsSync(${JSON.stringify(this.dir.file("gate"))})) Bun.sleepSync(2);
       export default definePlugin({ request: () => stop(String(process.pid)) });`,
    );
  }

  open(): void {
    this.dir.write("gate", "");
  }

  close(): void {
    rmSync(this.dir.file("gate"));
  }

  /** Resolves when it listens. */
  start(...more: string[]): Promise<RunnerProcess> {
    const args = [
      "start",
      "--plugins",
      this.dir.file("plugins"),
      "--watchdog-timeout=off",
      ...more,
    ];
    return RunnerProcess.start({ socket: this.socket, args });
  }

  /** One that can be taken over from, and has loaded its plugins. */
  async startFirst(): Promise<RunnerProcess> {
    this.open();
    const runner = await this.start();
    while (lstatSync(`${this.socket}.next`, { throwIfNoEntry: false }) === undefined) {
      await Bun.sleep(2);
    }
    using connection = await this.connect();
    await prepare(connection, [["gated", ""]]);
    this.close();
    return runner;
  }

  connect(): Promise<RawConnection> {
    return RawConnection.connect(this.socket);
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

async function answererOf(connection: RawConnection): Promise<number> {
  const reply = await nextReply(connection);
  if (reply.kind !== "stop") throw new Error(`no answer but ${JSON.stringify(reply)}`);
  return Number(Buffer.from(reply.body ?? []).toString());
}

/** Who answers a call whose conf was to be prepared before the gate opened. */
async function answererOnceOpen(gated: Gated, connection: RawConnection): Promise<number> {
  await connection.send(prepareBytes(PRE_REQ, [["gated", ""]]));
  gated.open();
  const prepared = await nextReply(connection);
  if (prepared.kind !== "conf-token") throw new Error(JSON.stringify(prepared));
  await connection.send(requestBytes({ confToken: prepared.token }));
  return answererOf(connection);
}

describe("while a file keeps the thread, APISIX finds the socket", () => {
  test.each([
    ["in a plain start", []],
    ["with metrics", ["--metrics-listen=127.0.0.1:0"]],
  ])("%s", async (_what, more) => {
    using gated = new Gated();
    await using runner = await gated.start(...more);
    using connection = await gated.connect();
    expect(await answererOnceOpen(gated, connection)).toBe(runner.process.pid);
  });

  test("that another runner had, with its confs", async () => {
    using gated = new Gated();
    await using old = await gated.startFirst();
    using pooled = await gated.connect();
    const confToken = await prepare(pooled, [["gated", ""]]);
    await using successor = await gated.start();
    using called = await gated.connect();
    await called.send(requestBytes({ confToken }));
    using preparing = await gated.connect();
    await preparing.send(prepareBytes(PRE_REQ, [["gated", ""]]));
    gated.open();
    expect(await answererOf(called)).toBe(successor.process.pid);
    expect(await nextReply(preparing)).toEqual({ kind: "conf-token", token: confToken });
    expect(await old.stop()).toBe(0);
  });

  test("that another runner had, which is waited for before they are loaded", async () => {
    using gated = new Gated();
    await using old = await gated.startFirst();
    old.process.kill("SIGSTOP");
    await using successor = await gated.start();
    using connection = await gated.connect();
    expect(await answererOnceOpen(gated, connection)).toBe(successor.process.pid);
  });

  test("and who is told to go before they are loaded answers the calls that it has", async () => {
    using gated = new Gated();
    await using old = await gated.startFirst();
    // While it does not say what it has, loading does not begin.
    old.process.kill("SIGSTOP");
    await using successor = await gated.start();
    using connection = await gated.connect();
    await connection.send(prepareBytes(PRE_REQ, [["gated", ""]]));
    gated.open();
    successor.process.kill("SIGTERM");
    expect((await nextReply(connection)).kind).toBe("conf-token");
  });

  test("and the runner before gives away more connections than are on their way at once", async () => {
    using gated = new Gated();
    await using old = await gated.startFirst();
    const pool = await Promise.all(Array.from({ length: 200 }, () => gated.connect()));
    const confToken = await prepare(pool[0]!, [["gated", ""]]);
    await using successor = await gated.start();
    expect(await old.stop()).toBe(0);
    gated.open();
    for (const connection of pool) await connection.send(requestBytes({ confToken }));
    for (const connection of pool) {
      expect(await answererOf(connection)).toBe(successor.process.pid);
      connection[Symbol.dispose]();
    }
  });
});

test("a SIGHUP that comes while files are loaded is followed by another load", async () => {
  using gated = new Gated();
  await using runner = await gated.start("--log-level=info");
  runner.process.kill("SIGHUP");
  gated.open();
  expect(await runner.log.line("reload=1")).toContain(
    "info reloaded changed=[] plugins=1 failed=0",
  );
});
