/** Who comes before the runner: answered where that can be done, and otherwise heard by the runner, byte for byte. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import * as v from "valibot";
import { libcFiles } from "../../src/files/libc-files.ts";
import type { BundledPlugin } from "../../src/plugin/bundled.ts";
import { contentOf, hashOf } from "../../src/plugin/conf-content.ts";
import { definePlugin } from "../../src/plugin/definition.ts";
import { Reception } from "../../src/reception/reception.ts";
import { nextReply, POST_RESP, PRE_REQ, prepareBytes, requestBytes } from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { TempDir } from "../support/temp-dir.ts";

const pass = definePlugin({ request() {} });

/** Plugins as they lie in an executable: each is imported when it is asked for. */
const PLUGINS: Readonly<Record<string, () => Promise<object>>> = {
  pass: async () => ({ default: pass }),
  strict: async () => ({
    default: definePlugin({ config: v.strictObject({ n: v.number() }), request() {} }),
  }),
  slow: async () => ({
    default: definePlugin({ config: async (conf) => conf, request() {} }),
  }),
  responses: async () => ({ default: definePlugin({ response() {} }) }),
  broken: async () => ({ default: 5 }),
  missing: () => Promise.reject(new Error("not there")),
};

/** Keeps what the runner would be given. */
class Runner {
  readonly opened: Bun.Socket<undefined>[] = [];
  readonly heard: Buffer[] = [];
  closed = 0;
  readonly handler: Bun.SocketHandler<undefined> = {
    open: (socket) => void this.opened.push(socket),
    data: (_socket, chunk) => void this.heard.push(chunk),
    close: () => void this.closed++,
  };
}

class Received implements Disposable {
  readonly dir = new TempDir();
  readonly path = this.dir.file("r.sock");
  readonly reception: Reception;
  #listener: Bun.SocketListener<undefined> | undefined;

  constructor(plugins = PLUGINS) {
    const bundled: BundledPlugin[] = Object.entries(plugins);
    this.reception = new Reception(this.path, bundled, libcFiles()!);
  }

  /** The runner takes over now. */
  handOver(): Runner {
    const runner = new Runner();
    this.#listener = this.reception.handOver(runner.handler);
    return runner;
  }

  [Symbol.dispose](): void {
    this.#listener ??= this.reception.handOver({ data() {} });
    this.#listener.stop(true);
    this.dir[Symbol.dispose]();
  }
}

const SOUND = prepareBytes(PRE_REQ, [["pass", "{}"]]);
const TOKEN = hashOf(contentOf({ key: PRE_REQ, conf: [{ name: "pass", value: "{}" }] }));

test("a sound conf is answered with the token that a runner gives it, and is there for the runner", async () => {
  using received = new Received();
  using client = await RawConnection.connect(received.path);
  await client.send(SOUND);
  expect(await nextReply(client)).toEqual({ kind: "conf-token", token: TOKEN });
  await received.reception.isOver;
  const content = contentOf({ key: PRE_REQ, conf: [{ name: "pass", value: "{}" }] });
  expect([...received.reception.confs]).toMatchObject([[TOKEN, { content }]]);
  const runner = received.handOver();
  expect(runner.opened).toHaveLength(1);
  await client.send(requestBytes({ confToken: TOKEN }));
  await until(() => runner.heard.length > 0);
  expect(bytesOf(runner)).toBe(hex(requestBytes({ confToken: TOKEN })));
});

test("several plugins, and confs of several connections", async () => {
  using received = new Received();
  using first = await RawConnection.connect(received.path);
  using second = await RawConnection.connect(received.path);
  await first.send(
    prepareBytes(PRE_REQ, [
      ["pass", ""],
      ["strict", '{"n":1}'],
    ]),
  );
  await second.send(prepareBytes(POST_RESP, [["responses", "text"]]));
  expect((await nextReply(first)).kind).toBe("conf-token");
  expect((await nextReply(second)).kind).toBe("conf-token");
  expect(received.reception.confs.size).toBe(2);
});

test("a conf again has the same token", async () => {
  using received = new Received();
  using client = await RawConnection.connect(received.path);
  for (let i = 0; i < 2; i++) {
    await client.send(SOUND);
    expect(await nextReply(client)).toEqual({ kind: "conf-token", token: TOKEN });
  }
  expect(received.reception.confs.size).toBe(1);
});

describe("is the runner's to answer", () => {
  test.each([
    ["a conf that is not valid", prepareBytes(PRE_REQ, [["strict", '{"n":"one"}']])],
    ["a plugin that is not there", prepareBytes(PRE_REQ, [["nobody", "{}"]])],
    ["a plugin by its other name", prepareBytes(PRE_REQ, [["Pass", "{}"]])],
    ["a plugin that is none", prepareBytes(PRE_REQ, [["broken", "{}"]])],
    ["a plugin that does not load", prepareBytes(PRE_REQ, [["missing", "{}"]])],
    [
      "one sound plugin and one that is not",
      prepareBytes(PRE_REQ, [
        ["pass", ""],
        ["nobody", ""],
      ]),
    ],
    ["a conf that takes its time", prepareBytes(PRE_REQ, [["slow", "{}"]])],
    ["a secret", prepareBytes(PRE_REQ, [["pass", '{"key":"$env://KEY"}']])],
    ["a plugin in a phase that it does not have", prepareBytes(POST_RESP, [["pass", "{}"]])],
    ["a request", requestBytes({ confToken: 1 })],
    ["half a frame", SOUND.subarray(0, 20)],
    ["two frames at once", Buffer.concat([SOUND, SOUND])],
    ["a frame that is damaged", damaged(SOUND)],
    ["an unknown frame", Buffer.from([9, 0, 0, 0])],
  ])("%s", async (_what, bytes) => {
    using received = new Received();
    using client = await RawConnection.connect(received.path);
    await client.send(bytes);
    await received.reception.isOver;
    expect(received.reception.confs.size).toBe(0);
    const runner = received.handOver();
    expect(runner.opened).toHaveLength(1);
    await until(() => runner.heard.length > 0);
    expect(bytesOf(runner)).toBe(hex(bytes));
    expect(client.pending).toBe(0);
  });
});

test("a conf whose plugin takes longer to load than others take to come is answered all the same", async () => {
  const late = () => Bun.sleep(15).then(() => ({ default: pass }));
  using received = new Received({ late });
  using client = await RawConnection.connect(received.path);
  await client.send(prepareBytes(PRE_REQ, [["late", "{}"]]));
  await received.reception.isOver;
  expect(received.reception.confs.size).toBe(1);
  expect((await nextReply(client)).kind).toBe("conf-token");
});

test("a conf that is being checked when the runner comes is the runner's, and answered once", async () => {
  const plugin = Promise.withResolvers<object>();
  using received = new Received({ late: () => plugin.promise });
  using client = await RawConnection.connect(received.path);
  const conf = prepareBytes(PRE_REQ, [["late", "{}"]]);
  await client.send(conf);
  await received.reception.isOver;
  const runner = received.handOver();
  plugin.resolve({ default: pass });
  await until(() => runner.heard.length > 0);
  expect(bytesOf(runner)).toBe(hex(conf));
  expect(received.reception.confs.size).toBe(0);
  expect(client.pending).toBe(0);
});

test("what comes behind a conf that is being checked comes to the runner behind its answer", async () => {
  const plugin = Promise.withResolvers<object>();
  using received = new Received({ ...PLUGINS, late: () => plugin.promise });
  using client = await RawConnection.connect(received.path);
  await client.send(prepareBytes(PRE_REQ, [["late", "{}"]]));
  await received.reception.isOver;
  const call = requestBytes({ confToken: 7 });
  await client.send(call);
  // Whoever comes after it is answered after it has been read.
  using other = await RawConnection.connect(received.path);
  await other.send(SOUND);
  expect((await nextReply(other)).kind).toBe("conf-token");
  plugin.resolve({ default: pass });
  expect((await nextReply(client)).kind).toBe("conf-token");
  const runner = received.handOver();
  await until(() => runner.heard.length > 0);
  expect(bytesOf(runner)).toBe(hex(call));
});

test("whoever has gone is not handed over", async () => {
  using received = new Received();
  using stays = await RawConnection.connect(received.path);
  using goes = await RawConnection.connect(received.path);
  await goes.send(SOUND);
  await nextReply(goes);
  goes.close();
  await goes.closed;
  await stays.send(SOUND);
  await nextReply(stays);
  expect(received.handOver().opened).toHaveLength(1);
});

test("nobody comes: it is the runner's turn all the same", async () => {
  using received = new Received();
  await received.reception.isOver;
  expect(received.reception.confs.size).toBe(0);
  const runner = received.handOver();
  using client = await RawConnection.connect(received.path);
  await until(() => runner.opened.length === 1);
  client.close();
  await until(() => runner.closed === 1);
});

test("the socket is gone with a process that ends before there is a runner, and only then", () => {
  using received = new Received();
  const before = process.listeners("exit");
  received.handOver();
  const [remove] = before.filter((listener) => !process.listeners("exit").includes(listener));
  expect(existsSync(received.path)).toBe(true);
  remove?.call(process, 0);
  expect(existsSync(received.path)).toBe(false);
});

function bytesOf({ heard }: Runner): string {
  expect(heard.filter((chunk) => !Buffer.isBuffer(chunk))).toEqual([]);
  return hex(Buffer.concat(heard));
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex");
}

/** With an offset that leads out of it. */
function damaged(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt32LE(0x7fff_ffff, 4);
  return copy;
}

/** Whatever happens in the event loop happens in its next turns. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}
