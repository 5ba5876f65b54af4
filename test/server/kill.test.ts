/** kill -9 at any moment: the next start works, and nothing piles up beside the socket. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { temporarySocket } from "../../src/server/socket-path.ts";
import { prepare, request } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let socket: string;
let plugins: TempDir;

beforeEach(() => {
  dir = new TempDir();
  socket = dir.file("runner.sock");
  plugins = new TempDir();
  plugins.write(
    "hello.ts",
    `import { stop } from "apisix-bun-runner"; export default { request: () => stop("hello") };`,
  );
});

afterEach(() => {
  dir[Symbol.dispose]();
  plugins[Symbol.dispose]();
});

const start = () =>
  RunnerProcess.start({ socket, executable, args: ["start", "--plugins", plugins.path] });

/** Without waiting for anything. */
function launch(): Bun.Subprocess {
  return Bun.spawn([executable, "start", "--plugins", plugins.path, "--socket", socket], {
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "ignore", "ignore"],
  });
}

async function kill(process: Bun.Subprocess): Promise<void> {
  process.kill("SIGKILL");
  await process.exited;
}

/** ms; the moment at which a process is killed is what is tried here. */
const soon = (most: number) => Bun.sleep(Math.random() * most);

/** Calls until the runner is no more. */
async function callsUntilGone(): Promise<void> {
  // It may be gone already.
  using connection = await RawConnection.connect(socket).catch(() => undefined);
  if (connection === undefined) return;
  const gone = connection.closed.then(() => undefined);
  const confToken = await Promise.race([prepare(connection, [["hello", ""]]), gone]);
  while (confToken !== undefined) {
    if ((await Promise.race([request(connection, { confToken }), gone])) === undefined) return;
  }
}

async function expectServing(): Promise<void> {
  using connection = await RawConnection.connect(socket);
  const confToken = await prepare(connection, [["hello", ""]]);
  expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
}

const MOMENTS: Readonly<Record<string, () => Promise<void>>> = {
  "while it starts": async () => {
    const runner = launch();
    await soon(25);
    await kill(runner);
  },
  "while it serves": async () => {
    await using runner = await start();
    const calls = Promise.all([callsUntilGone(), callsUntilGone()]);
    await soon(30);
    await kill(runner.process);
    await calls;
  },
  "while it reloads": async () => {
    await using runner = await start();
    runner.process.kill("SIGHUP");
    await soon(10);
    await kill(runner.process);
  },
  "the runner that is taken over from": async () => {
    await using runner = await start();
    await soon(30);
    const successor = launch();
    await soon(25);
    await kill(runner.process);
    await soon(10);
    await kill(successor);
  },
  "the runner that takes over": async () => {
    await using runner = await start();
    await soon(30);
    const successor = launch();
    await soon(25);
    await kill(successor);
    runner.process.kill("SIGTERM");
    await soon(30);
    await kill(runner.process);
  },
  "while it stops": async () => {
    await using runner = await start();
    const calls = callsUntilGone();
    runner.process.kill("SIGTERM");
    await soon(30);
    await kill(runner.process);
    await calls;
  },
};

test.each(Object.entries(MOMENTS))(
  "%s: 10 times, and the next start works",
  async (_when, killSomebody) => {
    for (let i = 0; i < 10; i++) {
      await killSomebody();
      await using next = await start();
      await expectServing();
      await kill(next.process);
    }
    await using last = await start();
    await expectServing();
    expect(await last.stop()).toBe(0);
    // The next one would remove what is old.
    expect(readdirSync(dir.path).filter((name) => !name.startsWith(".r"))).toEqual([]);
  },
  60_000,
);

test("a socket that was never moved into place is removed by the next runner", async () => {
  const stale = temporarySocket(socket, (await killed()).pid);
  using _stale = Bun.listen({ unix: stale, socket: { data() {} } });
  const fresh = temporarySocket(socket, (await killed()).pid);
  using _fresh = Bun.listen({ unix: fresh, socket: { data() {} } });
  const living = temporarySocket(socket, process.pid);
  using _living = Bun.listen({ unix: living, socket: { data() {} } });
  dir.write(".rzzz", "a file of somebody else");
  const longAgo = new Date(Date.now() - 60_000);
  for (const file of [stale, living, dir.file(".rzzz")]) utimesSync(file, longAgo, longAgo);
  await using runner = await start();
  while (existsSync(stale)) await new Promise(setImmediate);
  expect([fresh, living, dir.file(".rzzz")].map((file) => existsSync(file))).toEqual([
    true,
    true,
    true,
  ]);
  await expectServing();
  expect(await runner.stop()).toBe(0);
});

async function killed(): Promise<Bun.Subprocess> {
  const runner = launch();
  await kill(runner);
  return runner;
}
