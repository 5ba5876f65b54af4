/** A connection's writes, against a socket that takes as little as it likes. */
import { describe, expect, test } from "bun:test";
import { decodeReply } from "../../src/gateway/decode-replies.ts";
import { definePlugin, stop } from "../../src/index.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { type ByteSocket, Connection } from "../../src/server/connection.ts";
import { startServer } from "../../src/server/server.ts";
import {
  answerBytes,
  nextReply,
  POST_RESP,
  prepare,
  prepareBytes,
  PRE_REQ,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Takes `room` bytes and no more until it is given room again; -1: closed. */
class NarrowSocket implements ByteSocket {
  room = Number.POSITIVE_INFINITY;
  isPaused = false;
  readonly writes: Buffer[] = [];

  write(bytes: Uint8Array): number {
    if (this.room < 0) return -1;
    const taken = Buffer.from(bytes.subarray(0, Math.min(this.room, bytes.length)));
    this.room -= taken.length;
    this.writes.push(taken);
    return taken.length;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.room = -1;
  }

  /** The frames that came through whole. */
  get frames(): { type: number; payload: Buffer }[] {
    const frames: { type: number; payload: Buffer }[] = [];
    const decoder = createFrameDecoder((type, payload) => frames.push({ type, payload }));
    for (const write of this.writes) decoder.push(write);
    return frames;
  }
}

const CONF = [["it", ""]] as const;

function connect(body: string | Buffer = "hi") {
  return connectWith(definePlugin({ request: () => stop(body) }), PRE_REQ);
}

/** A connection, and the token of a conf with this plugin. */
async function connectWith(plugin: ReturnType<typeof definePlugin>, key: string) {
  const { runner } = await inlinePlugins({ it: plugin });
  const socket = new NarrowSocket();
  const connection = new Connection(socket, runner);
  connection.data(prepareBytes(key, CONF));
  const [prepared] = socket.frames;
  const confToken = prepared?.payload.readUInt32LE(prepared.payload.length - 4) ?? 0;
  socket.writes.length = 0;
  return { connection, socket, confToken };
}

test("a reply is one write, made before data() returns", async () => {
  const { connection, socket, confToken } = await connect();
  connection.data(requestBytes({ confToken }));
  expect(socket.writes).toHaveLength(1);
  expect(socket.frames).toHaveLength(1);
});

describe("a socket that takes a part of a reply", () => {
  test.each([0, 1, 7, 100])("%d bytes at a time gets all of it", async (step) => {
    const { connection, socket, confToken } = await connect("x".repeat(300));
    socket.room = step;
    connection.data(requestBytes({ confToken }));
    expect(connection.isIdle).toBe(false);
    let drains = 0;
    while (!connection.isIdle) {
      socket.room = Math.max(step, 1);
      connection.drain();
      drains++;
    }
    expect(drains).toBeGreaterThan(2);
    const [frame] = socket.frames;
    expect(frame?.payload.includes("x".repeat(300))).toBe(true);
  });

  test("is not given a second reply before it has the first", async () => {
    const { connection, socket, confToken } = await connect();
    socket.room = 3;
    connection.data(
      Buffer.concat([requestBytes({ id: 1, confToken }), requestBytes({ id: 2, confToken })]),
    );
    expect(Buffer.concat(socket.writes)).toHaveLength(3);
    socket.room = Number.POSITIVE_INFINITY;
    connection.drain();
    expect(socket.frames).toHaveLength(2);
    expect(connection.isIdle).toBe(true);
  });

  test("is not read from while more waits than a frame can hold, and read from again after", async () => {
    const { connection, socket, confToken } = await connect();
    socket.room = 0;
    const large = requestBytes({
      confToken,
      headers: [{ name: "x", value: "y".repeat(9_000_000) }],
    });
    for (let i = 0; i < 3; i++) connection.data(Buffer.from(large));
    expect(socket.isPaused).toBe(true);
    socket.room = Number.POSITIVE_INFINITY;
    connection.drain();
    expect(socket.isPaused).toBe(false);
    expect(socket.frames).toHaveLength(3);
  });
});

describe("a call of the response phase that is cut", () => {
  /** A connection on which such a call waits for the answer to its question. */
  async function connectAndAsk(variable = "as") {
    const plugin = definePlugin({
      async response({ response, vars }) {
        response.body = (await vars.get(variable)) ?? "absent";
      },
    });
    const { connection, socket, confToken } = await connectWith(plugin, POST_RESP);
    return {
      connection,
      socket,
      async call() {
        connection.data(responseBytes({ confToken }));
        await new Promise(setImmediate);
      },
    };
  }

  test("is answered with a whole 503, and with nothing else", async () => {
    const { connection, socket, call } = await connectAndAsk();
    expect(connection.cutResponse()).toBe(false);
    await call();
    expect(connection.cutResponse()).toBe(true);
    connection.closed();
    await new Promise(setImmediate);
    const [question, reply, ...more] = socket.frames;
    expect(question).toMatchObject({ type: 3 });
    expect(reply && decodeReply(reply.type, reply.payload)).toMatchObject({
      kind: "response",
      status: 503,
      headers: [{ name: "content-type", value: "text/plain; charset=utf-8" }],
      body: Buffer.from("503 Service Unavailable\n"),
    });
    expect(more).toEqual([]);
  });

  test("is left alone where its reply is half written", async () => {
    const { connection, socket, call } = await connectAndAsk();
    await call();
    socket.writes.length = 0;
    socket.room = 5;
    connection.data(answerBytes("masked"));
    await new Promise(setImmediate);
    expect(connection.cutResponse()).toBe(false);
    expect(Buffer.concat(socket.writes)).toHaveLength(5);
    socket.room = Number.POSITIVE_INFINITY;
    connection.drain();
    expect(connection.cutResponse()).toBe(false);
    expect(socket.frames).toHaveLength(1);
  });

  test("is left alone where a question is half written, until it is whole", async () => {
    const { connection, socket, call } = await connectAndAsk("x".repeat(1000));
    socket.room = 5;
    await call();
    expect(connection.cutResponse()).toBe(false);
    socket.room = Number.POSITIVE_INFINITY;
    connection.drain();
    expect(connection.cutResponse()).toBe(true);
    expect(socket.frames.map(({ type }) => type)).toEqual([3, 4]);
  });
});

describe("a large body", () => {
  /** The frame that a call is answered with, by a socket that takes a little at a time. */
  async function replyOf(plugin: Parameters<typeof definePlugin>[0], answer?: Buffer) {
    const { runner } = await inlinePlugins({ it: definePlugin(plugin) });
    const socket = new NarrowSocket();
    const connection = new Connection(socket, runner);
    connection.data(prepareBytes(PRE_REQ, CONF));
    const [prepared] = socket.frames;
    const confToken = prepared?.payload.readUInt32LE(prepared.payload.length - 4) ?? 0;
    socket.writes.length = 0;
    connection.data(requestBytes({ confToken }));
    if (answer !== undefined) {
      await new Promise(setImmediate);
      expect(socket.frames).toMatchObject([{ type: 3 }]);
      socket.writes.length = 0;
      socket.room = 1000;
      connection.data(answerBytes(answer));
      await new Promise(setImmediate);
    }
    return { connection, socket };
  }

  function drained({ connection, socket }: { connection: Connection; socket: NarrowSocket }) {
    while (!connection.isIdle) {
      socket.room = 70_000;
      connection.drain();
    }
    const [frame] = socket.frames;
    if (frame === undefined) throw new Error("no reply");
    return decodeReply(frame.type, frame.payload);
  }

  test("is passed on whole", async () => {
    const body = Buffer.from(Array.from({ length: 500_000 }, (_, i) => i * 7));
    const sent = await replyOf(
      {
        async request({ request }) {
          request.body = await request.bytes();
        },
      },
      body,
    );
    const reply = drained(sent);
    expect("body" in reply && reply.body && body.equals(reply.body)).toBe(true);
  });

  test("that a plugin changes once the hook has returned is sent as it was", async () => {
    const body = Buffer.alloc(400_000, "a");
    const sent = await replyOf(
      {
        async request({ vars }) {
          await vars.get("x");
          return stop(body);
        },
      },
      Buffer.from("y"),
    );
    // Its memory is the plugin's: the next call may be another client's.
    body.fill("b");
    const reply = drained(sent);
    expect("body" in reply && Buffer.alloc(400_000, "a").equals(reply.body!)).toBe(true);
  });

  test("is still the plugin's when it is sent", async () => {
    const body = Buffer.alloc(400_000, "a");
    const { connection, socket, confToken } = await connect(body);
    connection.data(requestBytes({ confToken }));
    const reply = drained({ connection, socket });
    expect("body" in reply && body.equals(reply.body!)).toBe(true);
    expect(body.equals(Buffer.alloc(400_000, "a"))).toBe(true);
  });

  test("that is text is sent whole", async () => {
    const { runner } = await inlinePlugins({
      it: definePlugin({
        response({ response }) {
          response.body = "ä".repeat(200_000);
        },
      }),
    });
    const socket = new NarrowSocket();
    const connection = new Connection(socket, runner);
    connection.data(prepareBytes(POST_RESP, CONF));
    const [prepared] = socket.frames;
    const confToken = prepared?.payload.readUInt32LE(prepared.payload.length - 4) ?? 0;
    socket.writes.length = 0;
    socket.room = 1000;
    connection.data(responseBytes({ confToken }));
    const reply = drained({ connection, socket });
    expect("body" in reply && Buffer.from(reply.body!).toString()).toBe("ä".repeat(200_000));
  });
});

test("frames without a payload cannot pile up either", async () => {
  const { connection, socket } = await connect();
  socket.room = 0;
  const empty = Buffer.alloc(4 * 100_000, Buffer.from([7, 0, 0, 0]));
  for (let i = 0; i < 3 && !socket.isPaused; i++) connection.data(Buffer.from(empty));
  expect(socket.isPaused).toBe(true);
});

test("a closed socket takes nothing, and nothing is kept for it", async () => {
  const { connection, socket, confToken } = await connect();
  socket.room = -1;
  connection.data(requestBytes({ confToken }));
  expect(connection.isIdle).toBe(true);
});

describe("a peer that stalls", () => {
  const HALF = Buffer.from([2, 0, 1, 0, 1, 2]);

  test("in the middle of a frame: since its last byte", async () => {
    const { connection } = await connect();
    expect(connection.stalledSince).toBeUndefined();
    const before = performance.now();
    connection.data(HALF);
    const since = connection.stalledSince;
    expect(since).toBeGreaterThanOrEqual(before);
    while (performance.now() === since);
    connection.data(HALF.subarray(4));
    expect(connection.stalledSince).toBeGreaterThan(since!);
    connection.data(Buffer.alloc(252));
    expect(connection.stalledSince).toBeUndefined();
  });

  test("with a reply that it does not read: since it last took some", async () => {
    const { connection, socket, confToken } = await connect();
    socket.room = 3;
    connection.data(requestBytes({ confToken }));
    const since = connection.stalledSince;
    expect(since).toBeDefined();
    while (performance.now() === since);
    socket.room = 3;
    connection.drain();
    expect(connection.stalledSince).toBeGreaterThan(since!);
    socket.room = Number.POSITIVE_INFINITY;
    connection.drain();
    expect(connection.stalledSince).toBeUndefined();
  });

  test("but not while it waits for a call", async () => {
    const { runner } = await inlinePlugins({
      it: definePlugin({ request: async ({ vars }) => stop((await vars.get("a")) ?? "") }),
    });
    const socket = new NarrowSocket();
    const connection = new Connection(socket, runner);
    connection.data(prepareBytes(PRE_REQ, CONF));
    const confToken = socket.frames[0]!.payload.readUInt32LE(socket.frames[0]!.payload.length - 4);
    connection.data(Buffer.concat([requestBytes({ confToken }), HALF]));
    expect(connection.stalledSince).toBeUndefined();
  });

  test("is closed by the server, and others are not", async () => {
    using dir = new TempDir();
    const { runner } = await inlinePlugins({ it: definePlugin({ request: () => stop("hi") }) });
    const server = startServer(runner, { path: dir.file("s.sock"), stallTime: 60 });
    using quiet = await RawConnection.connect(dir.file("s.sock"));
    using stalled = await RawConnection.connect(dir.file("s.sock"));
    await stalled.send(HALF);
    await stalled.closed;
    expect(await prepare(quiet, CONF)).toBeNumber();
    quiet.close();
    await server.drain();
  });
});

describe("over a socket", () => {
  test("each read has memory of its own: a connection keeps what it is given", async () => {
    using dir = new TempDir();
    const chunks: Buffer[] = [];
    const read = Promise.withResolvers<void>();
    using listener = Bun.listen({
      unix: dir.file("s.sock"),
      socket: {
        data(socket, chunk) {
          chunks.push(chunk);
          if (chunks.length === 200) read.resolve();
          else socket.write("k");
        },
      },
    });
    let sent = 0;
    // Smaller and larger than what the engine keeps in its own heap.
    const next = (): Buffer => Buffer.alloc(sent % 2 === 0 ? 900 : 70_000, sent++);
    await Bun.connect({
      unix: dir.file("s.sock"),
      socket: {
        open: (socket) => void socket.write(next()),
        data: (socket) => void socket.write(next()),
      },
    });
    await read.promise;
    listener.stop(true);
    expect(chunks.every((chunk, i) => chunk.equals(Buffer.alloc(chunk.length, i)))).toBe(true);
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(chunks.length);
  });

  test.each([10_000, 100_000, 1_000_000])(
    "bodies of %d bytes that a plugin keeps are never another call's",
    async (size) => {
      using dir = new TempDir();
      const kept: Uint8Array[] = [];
      const { runner } = await inlinePlugins({
        it: definePlugin({
          async request({ request }) {
            const body = await request.bytes();
            kept.push(body);
            request.body = body;
          },
        }),
      });
      const server = startServer(runner, { path: dir.file("s.sock") });
      const CALLS = 24;
      await Promise.all(
        [0, 1, 2].map(async (n) => {
          using connection = await RawConnection.connect(dir.file("s.sock"));
          const confToken = await prepare(connection, CONF);
          for (let i = n; i < CALLS; i += 3) {
            const body = Buffer.alloc(size, i + 1);
            await connection.send(requestBytes({ confToken }));
            expect(await nextReply(connection)).toMatchObject({ kind: "question" });
            await connection.send(answerBytes(body));
            const reply = await nextReply(connection);
            expect("body" in reply && reply.body && body.equals(reply.body)).toBe(true);
          }
        }),
      );
      await server.drain();
      expect(new Set(kept.map(({ buffer }) => buffer)).size).toBe(CALLS);
      const fills = kept.map((body) => body[0]!);
      expect(fills.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: CALLS }, (_, i) => i + 1),
      );
      expect(kept.every((body, i) => Buffer.alloc(size, fills[i]).equals(body))).toBe(true);
    },
  );
});
