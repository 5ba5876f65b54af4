/** The socket, byte by byte: every split, junk, limits, order. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FrameType, MAX_PAYLOAD_BYTES } from "../../src/protocol/frame.ts";
import {
  answerBytes,
  nextReply,
  nextToken,
  POST_RESP,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { frameBytes, genuineFrames, withToken } from "../support/fixtures.ts";
import { RawConnection, rawFrame } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const PLUGINS = {
  /** Answers with as many bytes as the conf says. */
  "big.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request: ({ config }) => stop("x".repeat(Number(config)), { headers: { "x-end": "1" } }),
      response: ({ response, config }) => { response.body = "x".repeat(Number(config)); },
    });`,
  /** Makes a reply too large out of parts that are not. */
  "wide.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    const half = "x".repeat(9_000_000);
    export default definePlugin({
      request: () => stop(half, { headers: { "x-half": half } }),
      response: ({ response }) => { response.body = half; response.headers.set("x-half", half); },
    });`,
  /** Asks without awaiting, then for what it needs. */
  "asks.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ vars, request, config }) {
        if (config === "never awaited") {
          void vars.get("nobody-waits");
          return stop("answered");
        }
        const [a, b, again, body] = await Promise.all([
          vars.get("a"), vars.get("b"), vars.get("a"), request.text(),
        ]);
        const later = await vars.get("c");
        return stop(JSON.stringify([a, b, again, body, later, await vars.get("b")]));
      },
    });`,
  "late.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ vars, log }) {
        setTimeout(() => vars.get("too-late").catch((error) => log.error("late", { error })), 0);
        return stop("answered");
      },
    });`,
};

let runner: RunnerProcess;
const plugins = new TempDir();

beforeAll(async () => {
  for (const [name, source] of Object.entries(PLUGINS)) plugins.write(name, source);
  runner = await RunnerProcess.start({ args: ["start", "--plugins", plugins.path] });
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  plugins[Symbol.dispose]();
});

const connect = () => RawConnection.connect(runner.socket);
const SAY = [["say", '{"body":"hi"}']] as const;

describe("genuine frames", () => {
  test("every call runs through a plugin", async () => {
    using connection = await connect();
    const tokens = {
      2: await prepare(connection, SAY),
      4: await prepare(connection, [["response-rewrite", '{"headers":{"x-seen":"1"}}']], POST_RESP),
    };
    const calls = genuineFrames.filter(({ type }) => type === 2 || type === 4);
    for (const { file, type, token = 0 } of calls) {
      await connection.send(withToken(frameBytes(file), token, tokens[type as 2 | 4]));
      let reply = await nextReply(connection);
      if (reply.kind === "question") {
        // Whether a changed response is to a HEAD.
        await connection.send(answerBytes("GET"));
        reply = await nextReply(connection);
      }
      expect(reply).toMatchObject(
        type === 2
          ? { kind: "stop" }
          : { kind: "response", headers: expect.arrayContaining([{ name: "x-seen", value: "1" }]) },
      );
    }
    expect(calls.length).toBe(75);
  });

  test("every conf is prepared or refused", async () => {
    using connection = await connect();
    for (const { file, conf, key } of genuineFrames.filter(({ type }) => type === 1)) {
      await connection.send(frameBytes(file));
      const reply = await nextReply(connection);
      const unknown = conf?.some(([name]) => name === "probe") && !key?.includes("post-resp");
      expect(reply).toMatchObject(
        unknown ? { kind: "error", code: "BAD_REQUEST" } : { kind: "conf-token" },
      );
    }
  });
});

describe("framing", () => {
  test("a request one byte at a time", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, SAY);
    for (const byte of requestBytes({ confToken })) await connection.send(Buffer.from([byte]));
    expect(await nextReply(connection)).toMatchObject({ kind: "stop" });
  });

  test("many frames in one write are answered in order", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, SAY);
    const ids = Array.from({ length: 500 }, (_, i) => i);
    await connection.send(...ids.map((id) => requestBytes({ id, confToken })));
    for (const id of ids) expect(await nextReply(connection)).toMatchObject({ kind: "stop", id });
  });

  test("calls behind one that asks wait for its answer", async () => {
    using connection = await connect();
    const asks = await prepare(connection, [["asks", ""]]);
    const say = await prepare(connection, SAY);
    await connection.send(
      requestBytes({ id: 1, confToken: asks }),
      requestBytes({ id: 2, confToken: say }),
    );
    for (let i = 0; i < 3; i++)
      expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    expect(connection.pending).toBe(0);
    await connection.send(answerBytes("1"), answerBytes("2"), answerBytes("3"));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    await connection.send(answerBytes("4"));
    expect(await nextReply(connection)).toMatchObject({ kind: "stop", id: 1 });
    expect(await nextReply(connection)).toMatchObject({ kind: "stop", id: 2 });
  });
});

describe("junk gets BAD_REQUEST, a line, and the connection goes on", () => {
  test.each([
    ["an unknown type", rawFrame(7, Buffer.from("what?")), "a frame of type 7 was refused"],
    ["an error frame", rawFrame(0, Buffer.alloc(8)), "a frame of type 0 was refused"],
    ["an answer nobody asked for", answerBytes("42"), "came to a question that nobody asked"],
    ["an empty PrepareConf", rawFrame(1, Buffer.alloc(0)), "too few for a table"],
    ["an empty HTTPReqCall", rawFrame(2, Buffer.alloc(0)), "too few for a table"],
    [
      "a random HTTPReqCall",
      rawFrame(2, Buffer.alloc(64, 0xff)),
      "type 2 was refused: payload starts at …",
    ],
    [
      "a random HTTPRespCall",
      rawFrame(4, Buffer.alloc(64, 0xfe)),
      "type 4 was refused: payload starts at …",
    ],
  ])("%s", async (_what, bytes, line) => {
    using connection = await connect();
    await connection.send(bytes);
    expect(await nextReply(connection)).toEqual({ kind: "error", code: "BAD_REQUEST" });
    expect(await runner.log.line(line)).toContain(" warn ");
    await prepare(connection, SAY);
  });

  test("a conf refused a thousand times is one line in the log", async () => {
    using connection = await connect();
    for (let i = 0; i < 1000; i++) {
      await connection.send(prepareBytes(PRE_REQ, [["sya", "{}"]]));
      expect(await nextReply(connection)).toEqual({ kind: "error", code: "BAD_REQUEST" });
    }
    await runner.log.line("plugin=sya");
    expect(runner.log.lines.filter((line) => line.includes("plugin=sya"))).toHaveLength(1);
  });

  test("an unknown token: CONF_TOKEN_NOT_FOUND, in both phases", async () => {
    using connection = await connect();
    for (const bytes of [requestBytes({ confToken: 1 }), responseBytes({ confToken: 1 })]) {
      await connection.send(bytes);
      expect(await nextReply(connection)).toEqual({ kind: "error", code: "CONF_TOKEN_NOT_FOUND" });
    }
  });
});

describe("large replies", () => {
  test("one that fills many socket buffers arrives whole", async () => {
    using connection = await connect();
    const size = 15_000_000;
    const confToken = await prepare(connection, [["big", String(size)]]);
    const reply = await request(connection, { confToken });
    expect(reply).toMatchObject({ kind: "stop", status: 200 });
    expect(reply.kind === "stop" && reply.body?.length).toBe(size);
    // The connection is still in step.
    expect(await request(connection, { id: 7, confToken })).toMatchObject({ kind: "stop", id: 7 });
  });

  test("one over the limit is SERVICE_UNAVAILABLE, and the line names plugin and size", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["wide", ""]]);
    expect(await request(connection, { confToken })).toEqual({
      kind: "error",
      code: "SERVICE_UNAVAILABLE",
    });
    const line = await runner.log.line("the reply cannot be sent");
    expect(line).toContain("plugin=wide");
    expect(line).toMatch(/bytes=18\d{6}/);
  });

  test("in the response phase it is a 503 of our own", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["wide", ""]], POST_RESP);
    await connection.send(
      responseBytes({ confToken, headers: [{ name: "x-secret", value: "1" }] }),
    );
    const reply = await nextReply(connection);
    expect(reply).toMatchObject({ kind: "response", status: 503 });
    expect(JSON.stringify(reply)).not.toContain("x-secret");
  });

  test("a body that fits into no frame fails where it is set", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["big", String(MAX_PAYLOAD_BYTES + 1)]]);
    expect(await request(connection, { confToken })).toEqual({
      kind: "error",
      code: "SERVICE_UNAVAILABLE",
    });
    const line = await runner.log.line("a body of 16777216 bytes cannot be sent");
    expect(line).toContain("plugin=big");
  });

  test("a client that writes and does not read costs bounded memory", async () => {
    using reader = await connect();
    const confToken = await prepare(reader, [["big", "4000000"]]);
    using slow = await connect();
    slow.pause();
    const before = await residentBytes(runner.process.pid);
    // 100 replies of 4 MB would be 400 MB.
    await slow.send(...Array.from({ length: 100 }, (_, id) => requestBytes({ id, confToken })));
    for (let i = 0; i < 20; i++) await request(reader, { confToken });
    expect((await residentBytes(runner.process.pid)) - before).toBeLessThan(200e6);
    slow.resume();
    for (let id = 0; id < 100; id++)
      expect(await nextReply(slow)).toMatchObject({ kind: "stop", id });
  });
});

test("a client that sends large calls and reads nothing is made to wait, and loses none", async () => {
  using slow = await connect();
  const confToken = await prepare(slow, [["big", "2000000"]]);
  slow.pause();
  const headers = [{ name: "x-large", value: "y".repeat(6_000_000) }];
  const ids = Array.from({ length: 12 }, (_, id) => id);
  // More than socket buffers and the runner's own limit take together: this write has to wait.
  const sent = slow.send(...ids.map((id) => requestBytes({ id, confToken, headers })));
  using other = await connect();
  await prepare(other, SAY);
  slow.resume();
  for (const id of ids) expect(await nextReply(slow)).toMatchObject({ kind: "stop", id });
  await sent;
});

describe("questions", () => {
  test("of one tick leave together, each once, and answers are matched in order", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["asks", ""]]);
    await connection.send(requestBytes({ confToken }));
    const asked = [
      await nextReply(connection),
      await nextReply(connection),
      await nextReply(connection),
    ];
    expect(asked).toEqual([
      { kind: "question", question: { kind: "var", name: "a" } },
      { kind: "question", question: { kind: "var", name: "b" } },
      { kind: "question", question: { kind: "request-body" } },
    ]);
    await connection.send(answerBytes("A"), answerBytes(undefined), answerBytes("the body"));
    expect(await nextReply(connection)).toEqual({
      kind: "question",
      question: { kind: "var", name: "c" },
    });
    await connection.send(answerBytes(""));
    const reply = await nextReply(connection);
    const body =
      reply.kind === "stop" ? JSON.parse(Buffer.from(reply.body ?? "").toString()) : reply;
    expect(body).toEqual(["A", null, "A", "the body", "", null]);
  });

  test("one never awaited does the next call no harm", async () => {
    using connection = await connect();
    const careless = await prepare(connection, [["asks", '"never awaited"']]);
    await connection.send(requestBytes({ id: 1, confToken: careless }));
    expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    expect(await nextReply(connection)).toMatchObject({ kind: "stop", id: 1 });
    // APISIX answers the question, then reads the reply and uses the connection again.
    const asks = await prepareBehind(connection, answerBytes("stray"));
    await connection.send(requestBytes({ id: 2, confToken: asks }));
    for (let i = 0; i < 3; i++)
      expect(await nextReply(connection)).toMatchObject({ kind: "question" });
    await connection.send(answerBytes("mine"), answerBytes("2"), answerBytes("3"));
    await nextReply(connection);
    await connection.send(answerBytes("4"));
    const reply = await nextReply(connection);
    expect(reply.kind === "stop" && Buffer.from(reply.body ?? "").toString()).toContain("mine");
  });

  test("one asked after the answer is refused, and never sent", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["late", ""]]);
    expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
    expect(await runner.log.line(/error late /)).toContain("after the call was answered");
    await prepare(connection, SAY);
    expect(connection.pending).toBe(0);
  });

  test("an answer that is junk fails the call, not the connection", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["asks", ""]]);
    await connection.send(requestBytes({ confToken }));
    for (let i = 0; i < 3; i++) await connection.next();
    const junk = rawFrame(FrameType.ExtraInfo, Buffer.from([0xff, 0xff, 0xff, 0x7f]));
    await connection.send(junk, answerBytes("b"), answerBytes("c"));
    expect(await nextReply(connection)).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
    await prepare(connection, SAY);
  });
});

test("a connection that goes in the middle of a call leaves the others alone", async () => {
  using other = await connect();
  const confToken = await prepare(other, [["asks", ""]]);
  const leaving = await connect();
  await leaving.send(requestBytes({ confToken }));
  await leaving.next();
  leaving[Symbol.dispose]();
  await other.send(prepareBytes(PRE_REQ, SAY));
  expect(await nextReply(other)).toMatchObject({ kind: "conf-token" });
});

/** Prepares the conf that asks, with something in front of the PrepareConf in the same write. */
async function prepareBehind(connection: RawConnection, before: Buffer): Promise<number> {
  await connection.send(before, prepareBytes(PRE_REQ, [["asks", ""]]));
  return nextToken(connection);
}

async function residentBytes(pid: number): Promise<number> {
  const statm = await Bun.file(`/proc/${pid}/statm`).text();
  return Number(statm.split(" ")[1]) * 4096;
}
