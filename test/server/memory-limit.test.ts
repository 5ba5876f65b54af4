/** `limits.memory`: above it the process goes on in a fresh image, and no client notices. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { MemoryLimit } from "../../src/cli/start/memory-limit.ts";
import { keepingLogger, type KeptLine } from "../../src/testing/log-lines.ts";
import { answerBytes, nextReply, prepare, request, requestBytes } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Keeps 400 MB when it is told to, and a body for as long as a call takes. */
const HOARD = `
  import { stop } from "apisix-bun-runner";
  const hoard = [];
  export default {
    setup: () => ({ calls: 0 }),
    async request({ request, config, state, vars }) {
      if (request.path === "/grow") hoard.push(new Uint8Array(400_000_000).fill(1));
      if (request.path === "/body") await request.bytes();
      if (request.path === "/wait" || request.path === "/body") await vars.get("go");
      return stop(JSON.stringify({ config, pid: process.pid, hoarded: hoard.length, calls: ++state.calls }));
    },
  };`;

const LIMIT_BYTES = 300 * 2 ** 20;

const TAKEN_OVER = "took over from the process image before, which had too much memory";

let plugins: TempDir;
let runner: RunnerProcess;
let connection: RawConnection;
let confToken: number;

const withLimit = (limit: string) =>
  JSON.stringify({ limits: { memory: limit }, logging: { level: "info" } });

beforeEach(async () => {
  plugins = new TempDir();
  plugins.write("hoard.ts", HOARD);
  plugins.write("config.yaml", withLimit("300MiB"));
  runner = await RunnerProcess.start({
    executable,
    // A call that waits for many large ones may take long on a busy machine.
    args: [
      "start",
      "--plugins",
      plugins.path,
      "--timeout",
      "55s",
      "--config",
      plugins.file("config.yaml"),
    ],
  });
  connection = await RawConnection.connect(runner.socket);
  confToken = await prepare(connection, [["hoard", "conf"]]);
});

afterEach(async () => {
  connection[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
  plugins[Symbol.dispose]();
});

/** @param reload the how manieth since the runner started */
async function setLimit(limit: string, reload: number) {
  plugins.write("config.yaml", withLimit(limit));
  runner.process.kill("SIGHUP");
  await runner.log.line(new RegExp(`reloaded.*reload=${reload}`));
}

async function ask(path: string, on = connection) {
  const reply = await request(on, { path, confToken });
  if (reply.kind !== "stop") throw new Error(`no answer but ${JSON.stringify(reply)}`);
  return JSON.parse(String(reply.body));
}

describe("through the executable", () => {
  test("the next image has process id, socket, connections and confs, and a call under way is answered first", async () => {
    using waiting = await RawConnection.connect(runner.socket);
    await waiting.send(requestBytes({ path: "/wait", confToken }));
    expect(await nextReply(waiting)).toMatchObject({ kind: "question" });
    const { pid } = await ask("/grow");
    await runner.log.line("more memory than limits.memory: it is replaced");
    // Held: it is answered by the image that comes.
    const held = ask("/");
    using late = await RawConnection.connect(runner.socket);
    const heldLate = ask("/", late);
    await waiting.send(answerBytes("now"));
    expect(String(((await nextReply(waiting)) as { body?: Uint8Array }).body)).toContain(
      '"hoarded":1',
    );
    await runner.log.line(TAKEN_OVER);
    const fresh = { config: "conf", pid, hoarded: 0 };
    expect(await held).toMatchObject(fresh);
    expect(await heldLate).toMatchObject(fresh);
    expect(await ask("/", waiting)).toMatchObject(fresh);
    using another = await RawConnection.connect(runner.socket);
    expect(await ask("/", another)).toMatchObject(fresh);
    expect(await runner.stop()).toBe(0);
  });

  test("clients that call all the time get every answer", async () => {
    let isReplaced = false;
    let answers = 0;
    const clients = Array.from({ length: 8 }, async () => {
      while (!isReplaced) {
        using client = await RawConnection.connect(runner.socket);
        for (let i = 0; i < 20; i++) {
          expect((await ask("/", client)).config).toBe("conf");
          answers++;
        }
      }
    });
    await ask("/grow");
    await runner.log.line(TAKEN_OVER);
    isReplaced = true;
    await Promise.all(clients);
    expect(answers).toBeGreaterThan(100);
    expect(await ask("/")).toMatchObject({ hoarded: 0 });
  });

  test("many large bodies at once are no reason once they have gone", async () => {
    // While they are in use they are one: the limit comes when they are not.
    await setLimit("4GiB", 1);
    const body = Buffer.alloc(15 * 2 ** 20, "b");
    const clients = await Promise.all(
      Array.from({ length: 24 }, () => RawConnection.connect(runner.socket)),
    );
    for (const client of clients) {
      await client.send(requestBytes({ path: "/body", confToken }));
      expect(await nextReply(client)).toMatchObject({ kind: "question" });
      await client.send(answerBytes(body));
      expect(await nextReply(client)).toMatchObject({ kind: "question" });
    }
    for (const client of clients) {
      await client.send(answerBytes("now"));
      expect(await nextReply(client)).toMatchObject({ kind: "stop" });
      client[Symbol.dispose]();
    }
    expect(runner.resident).toBeGreaterThan(LIMIT_BYTES);
    await setLimit("300MiB", 2);
    // Nothing says that the process has looked.
    while (runner.resident > LIMIT_BYTES) await Bun.sleep(20);
    expect(runner.log.lines.filter((line) => line.includes("it is replaced"))).toEqual([]);
    expect(await ask("/")).toMatchObject({ hoarded: 0 });
  });

  test("a call that takes longer keeps it from being replaced, and all others are answered again", async () => {
    using waiting = await RawConnection.connect(runner.socket);
    await waiting.send(requestBytes({ path: "/wait", confToken }));
    expect(await nextReply(waiting)).toMatchObject({ kind: "question" });
    await ask("/grow");
    await runner.log.line("more memory than limits.memory: it is replaced");
    const held = ask("/");
    await runner.log.line(
      "the process was not replaced: calls were under way for longer than 1000 ms",
    );
    expect(await held).toMatchObject({ hoarded: 1 });
    await waiting.send(answerBytes("now"));
    expect(await nextReply(waiting)).toMatchObject({ kind: "stop" });
  });
});

describe("the limit", () => {
  const above = 1;
  const below = 2 ** 40;

  function watch(limit: number | undefined, isReplacement = false, rest = 60_000) {
    const lines: KeptLine[] = [];
    const log = keepingLogger((line) => lines.push(line));
    let tries = 0;
    const tried = Promise.withResolvers<void>();
    const memory = new MemoryLimit({
      limit,
      log,
      isReplacement,
      period: 1,
      rest,
      replace: async () => {
        if (++tries === 2) tried.resolve();
        if (tries === 1 && rest > 1) tried.resolve();
        return "this is a test";
      },
    });
    return { memory, lines, tried: tried.promise, tries: () => tries };
  }

  /** Far longer than it takes to look twice. */
  const aWhile = () => Bun.sleep(100);

  test("is looked at again and again, but the process is replaced once a minute", async () => {
    const { lines, memory, tried, tries } = watch(above);
    await tried;
    await aWhile();
    memory.configure(undefined);
    expect(tries()).toBe(1);
    expect(lines.map(({ message }) => message)).toEqual([
      "the process has more memory than limits.memory: it is replaced",
      "the process was not replaced: this is a test; the next try is in a minute",
    ]);
  });

  test("is tried again after its rest", async () => {
    const { memory, tried } = watch(above, false, 1);
    await tried;
    memory.configure(undefined);
  });

  test.each<[string, number | undefined, boolean]>([
    ["there is none", undefined, false],
    ["memory is below it", below, false],
    ["the process has just been replaced", above, true],
  ])("does nothing where %s", async (_what, limit, isReplacement) => {
    const { memory, tries } = watch(limit, isReplacement);
    await aWhile();
    memory.configure(undefined);
    expect(tries()).toBe(0);
  });

  test("may be set and taken back while the process runs", async () => {
    const { memory, tried, tries } = watch(undefined);
    memory.configure(above);
    await tried;
    memory.configure(undefined);
    expect(tries()).toBe(1);
  });
});
