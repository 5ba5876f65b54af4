/** Replies as they are written, read by the code that flatc made for the schema. */
import { describe, expect, test } from "bun:test";
import { ByteBuffer } from "flatbuffers";
import { decodeHttpRespCall } from "../../src/protocol/calls.ts";
import { MAX_PAYLOAD_BYTES, PayloadTooLargeError, wholeFrame } from "../../src/protocol/frame.ts";
import { Action } from "../../src/protocol/generated/a6/httpreq-call/action.ts";
import { Resp as HttpReqCallResp } from "../../src/protocol/generated/a6/httpreq-call/resp.ts";
import { Rewrite } from "../../src/protocol/generated/a6/httpreq-call/rewrite.ts";
import { Stop } from "../../src/protocol/generated/a6/httpreq-call/stop.ts";
import { Resp as HttpRespCallResp } from "../../src/protocol/generated/a6/httpresp-call/resp.ts";
import type { TextEntry } from "../../src/protocol/generated/a6/text-entry.ts";
import {
  questionFrame,
  responseFrame,
  responseReply,
  rewriteFrame,
  stopFrame,
} from "../../src/protocol/replies.ts";
import { ReceivedEntry } from "../../src/protocol/text-entries.ts";
import { responseBytes } from "../support/encode.ts";

function payloadOf(frame: Uint8Array): ByteBuffer {
  const length = Buffer.from(frame).readUIntBE(1, 3);
  expect(frame.length).toBe(4 + length);
  return new ByteBuffer(new Uint8Array(frame.slice(4)));
}

function listed(
  count: number,
  at: (index: number) => TextEntry | null,
): (readonly [string | null | undefined, string | null | undefined])[] {
  return Array.from({ length: count }, (_, i) => [at(i)?.name(), at(i)?.value()] as const);
}

/** Of every length that matters for what follows them, with more bytes than characters, and empty. */
const ENTRIES = ["", "a", "ab", "abc", "abcd", "ä", "日本", "x".repeat(40), "y".repeat(9000)].map(
  (value, i) => ({ name: `name-${"n".repeat(i)}`, value }),
);
const PAIRS = ENTRIES.map(({ name, value }) => [name, value] as const);

test("a response with all there is", () => {
  const frame = responseFrame(0xfffffffe, { status: 999, headers: ENTRIES, body: "bödy" });
  const resp = HttpRespCallResp.getRootAsResp(payloadOf(frame));
  expect(resp.id()).toBe(0xfffffffe);
  expect(resp.status()).toBe(999);
  expect(listed(resp.headersLength(), (i) => resp.headers(i))).toEqual(PAIRS);
  expect(Buffer.from(resp.bodyArray() ?? []).toString()).toBe("bödy");
});

test("a response with nothing", () => {
  const frame = responseFrame(0, { status: 0, headers: [] });
  const resp = HttpRespCallResp.getRootAsResp(payloadOf(frame));
  expect([resp.id(), resp.status(), resp.headersLength(), resp.bodyArray()]).toEqual([
    0,
    0,
    0,
    null,
  ]);
});

test("strings end with a NUL, which C reads to", () => {
  const headers = ENTRIES.map(({ value }) => ({ name: `<${value}>`, value: "v" }));
  const frame = Buffer.from(responseFrame(1, { status: 200, headers }));
  for (const { name } of headers) {
    expect(frame.indexOf(Buffer.from(`${name}\0`))).toBeGreaterThan(0);
  }
});

test("a stop", () => {
  const frame = stopFrame(7, { status: 403, headers: ENTRIES, body: Buffer.from("no") });
  const resp = HttpReqCallResp.getRootAsResp(payloadOf(frame));
  expect([resp.id(), resp.actionType()]).toEqual([7, Action.Stop]);
  const stop: Stop = resp.action(new Stop());
  expect(stop.status()).toBe(403);
  expect(listed(stop.headersLength(), (i) => stop.headers(i))).toEqual(PAIRS);
  expect(Buffer.from(stop.bodyArray() ?? []).toString()).toBe("no");
});

test("a rewrite, with entries that have no value among those that have one", () => {
  const args = [
    { name: "gone", value: undefined },
    { name: "new", value: "1" },
    { name: "gone too", value: undefined },
  ];
  const frame = rewriteFrame(7, {
    path: "/ä",
    headers: ENTRIES,
    args,
    responseHeaders: [{ name: "x", value: "y" }],
    body: Buffer.from("new body"),
  });
  const resp = HttpReqCallResp.getRootAsResp(payloadOf(frame));
  expect([resp.id(), resp.actionType()]).toEqual([7, Action.Rewrite]);
  const rewrite: Rewrite = resp.action(new Rewrite());
  expect(rewrite.path()).toBe("/ä");
  expect(listed(rewrite.headersLength(), (i) => rewrite.headers(i))).toEqual(PAIRS);
  expect(listed(rewrite.argsLength(), (i) => rewrite.args(i))).toEqual([
    ["gone", null],
    ["new", "1"],
    ["gone too", null],
  ]);
  expect(listed(rewrite.respHeadersLength(), (i) => rewrite.respHeaders(i))).toEqual([["x", "y"]]);
  expect(Buffer.from(rewrite.bodyArray() ?? []).toString()).toBe("new body");
});

test("headers that came are passed on byte for byte", () => {
  const call = decodeHttpRespCall(responseBytes({ confToken: 0, headers: ENTRIES }), 4);
  const headers = ENTRIES.map((_, i) => new ReceivedEntry(call.headers, i));
  const resp = HttpRespCallResp.getRootAsResp(
    payloadOf(responseFrame(1, { status: 200, headers })),
  );
  expect(listed(resp.headersLength(), (i) => resp.headers(i))).toEqual(PAIRS);
});

describe("a large body", () => {
  const large = Buffer.alloc(300_001, "ab");

  test("stays where it is, behind the rest of the frame", () => {
    const reply = responseReply(5, { status: 200, headers: ENTRIES, body: large });
    if (reply instanceof Uint8Array) throw new Error("the body was copied");
    expect(reply.body).toBe(large);
    expect(reply.isOwn).toBe(false);
    const resp = HttpRespCallResp.getRootAsResp(payloadOf(wholeFrame(reply)));
    expect(listed(resp.headersLength(), (i) => resp.headers(i))).toEqual(PAIRS);
    expect(Buffer.from(resp.bodyArray() ?? []).equals(large)).toBe(true);
  });

  test("is encoded into memory of its own where it is text", () => {
    const reply = responseReply(5, { status: 200, headers: [], body: "ä".repeat(100_000) });
    if (reply instanceof Uint8Array) throw new Error("the body was copied");
    expect(reply.isOwn).toBe(true);
    const resp = HttpRespCallResp.getRootAsResp(payloadOf(wholeFrame(reply)));
    expect(Buffer.from(resp.bodyArray() ?? []).toString()).toBe("ä".repeat(100_000));
  });

  test("is refused where the frame would be too large, and the next reply is as it should be", () => {
    const body = Buffer.alloc(MAX_PAYLOAD_BYTES - 10);
    expect(() => responseReply(5, { status: 200, headers: [], body })).toThrow(
      PayloadTooLargeError,
    );
    const resp = HttpRespCallResp.getRootAsResp(
      payloadOf(responseFrame(6, { status: 201, headers: [] })),
    );
    expect([resp.id(), resp.status()]).toEqual([6, 201]);
  });

  test("as large as a frame can carry", () => {
    const head = responseFrame(5, { status: 200, headers: [] }).length - 4;
    const body = Buffer.alloc(MAX_PAYLOAD_BYTES - head - 4, "z");
    const resp = HttpRespCallResp.getRootAsResp(
      payloadOf(responseFrame(5, { status: 200, headers: [], body })),
    );
    expect(resp.bodyLength()).toBe(body.length);
  });
});

test("a question keeps its bytes when other frames are written", () => {
  const frames = ["a", "b", "c".repeat(100)].map((name) => questionFrame({ kind: "var", name }));
  const before = frames.map((frame) => Buffer.from(frame));
  responseFrame(1, { status: 200, headers: ENTRIES });
  questionFrame({ kind: "var", name: "d".repeat(100) });
  expect(frames.map((frame) => Buffer.from(frame))).toEqual(before);
});
