import { describe, expect, test } from "bun:test";
import { decodeReply, type RunnerReply } from "../../src/gateway/decode-replies.ts";
import { type Frame, FrameType } from "../../src/protocol/frame.ts";
import { buildFrame } from "../../src/gateway/frame-builder.ts";
import { Action } from "../../src/protocol/generated/a6/httpreq-call/action.ts";
import { Resp } from "../../src/protocol/generated/a6/httpreq-call/resp.ts";
import { Stop } from "../../src/protocol/generated/a6/httpreq-call/stop.ts";
import {
  confTokenFrame,
  ErrorCode,
  errorFrame,
  type Question,
  questionFrame,
  responseFrame,
  rewriteFrame,
  stopFrame,
  unchangedFrame,
} from "../../src/protocol/replies.ts";
import { MalformedPayloadError } from "../../src/protocol/verify.ts";

const NOT_UTF8 = new Uint8Array([0x63, 0xe9]);

const entries = [
  { name: "x-a", value: "1" },
  { name: "x-a", value: "" },
  { name: "é", value: undefined },
  { name: "bytes", value: NOT_UTF8 },
];

describe("what a runner says is what is read", () => {
  test("error codes by name, and by number where they have none", () => {
    expect(decode(errorFrame(ErrorCode.SERVICE_UNAVAILABLE))).toEqual({
      kind: "error",
      code: "SERVICE_UNAVAILABLE",
    });
    expect(decode(errorFrame(ErrorCode.BAD_REQUEST))).toEqual({
      kind: "error",
      code: "BAD_REQUEST",
    });
    expect(decode(errorFrame(9 as ErrorCode))).toEqual({ kind: "error", code: 9 });
  });

  test("conf tokens over the whole range", () => {
    for (const token of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      expect(decode(confTokenFrame(token))).toEqual({ kind: "conf-token", token });
    }
  });

  test("questions", () => {
    const questions: Question[] = [
      { kind: "var", name: "remote_addr" },
      { kind: "var", name: "" },
      { kind: "request-body" },
      { kind: "response-body" },
    ];
    for (const question of questions) {
      expect(decode(questionFrame(question))).toEqual({ kind: "question", question });
    }
  });

  test("nothing changed", () => {
    expect(decode(unchangedFrame(5))).toEqual({ kind: "continue", id: 5 });
  });

  test("a rewrite, with and without everything in it", () => {
    const full = {
      path: "/é",
      headers: entries,
      args: [{ name: "arg", value: "2" }],
      responseHeaders: [{ name: "x-r", value: "3" }],
    };
    expect(decode(rewriteFrame(6, { ...full, body: NOT_UTF8 }))).toEqual({
      kind: "rewrite",
      id: 6,
      ...full,
      body: Buffer.from(NOT_UTF8),
    });
    const empty = { headers: [], args: [], responseHeaders: [] };
    expect(decode(rewriteFrame(6, empty))).toEqual({ kind: "rewrite", id: 6, ...empty });
  });

  test("a path that is not UTF-8 stays bytes", () => {
    const reply = decode(
      rewriteFrame(6, { path: NOT_UTF8, headers: [], args: [], responseHeaders: [] }),
    );
    expect(reply).toMatchObject({ kind: "rewrite", path: Buffer.from(NOT_UTF8) });
  });

  test("a stop", () => {
    expect(
      decode(stopFrame(7, { status: 403, headers: entries, body: Buffer.from("no") })),
    ).toEqual({
      kind: "stop",
      id: 7,
      status: 403,
      headers: entries,
      body: Buffer.from("no"),
    });
    expect(decode(stopFrame(7, { status: 204, headers: [] }))).toEqual({
      kind: "stop",
      id: 7,
      status: 204,
      headers: [],
    });
  });

  test("a response", () => {
    const body = Buffer.from("new");
    expect(decode(responseFrame(8, { status: 299, headers: entries, body }))).toEqual({
      kind: "response",
      id: 8,
      status: 299,
      headers: entries,
      body,
    });
  });
});

describe("what makes no sense is refused", () => {
  const frames: [string, Buffer][] = [
    ["a stop", Buffer.from(stopFrame(7, { status: 403, headers: entries, body: NOT_UTF8 }))],
    [
      "a rewrite",
      Buffer.from(
        rewriteFrame(6, { path: "/x", headers: entries, args: entries, responseHeaders: entries }),
      ),
    ],
    [
      "a response",
      Buffer.from(responseFrame(8, { status: 299, headers: entries, body: NOT_UTF8 })),
    ],
    ["a question", Buffer.from(questionFrame({ kind: "var", name: "remote_addr" }))],
    ["a token", Buffer.from(confTokenFrame(7))],
    ["an error", Buffer.from(errorFrame(ErrorCode.SERVICE_UNAVAILABLE))],
  ];

  for (const [what, frame] of frames) {
    test(`${what} cut short anywhere is malformed or a shorter one, and nothing else`, () => {
      let refused = 0;
      for (let length = 0; length < frame.length - 4; length++) {
        refused += Number(isRefused(frame[0]!, frame.subarray(4, 4 + length)));
      }
      expect(refused).toBeGreaterThan((frame.length - 4) / 2);
    });

    test(`${what} with any one byte wrong is malformed or another one, and nothing else`, () => {
      let refused = 0;
      for (let at = 4; at < frame.length; at++) {
        const damaged = Buffer.from(frame);
        damaged[at] = damaged[at]! ^ 0xff;
        refused += Number(isRefused(damaged[0]!, damaged.subarray(4)));
      }
      expect(refused).toBeGreaterThan(0);
    });
  }

  test("an action without its table", () => {
    const frame = buildFrame(FrameType.HttpReqCall, (builder) =>
      Resp.createResp(builder, 1, Action.Stop, 0),
    );
    expect(() => decode(frame)).toThrow(/^payload lacks its action;/);
  });

  test("an action of no known type", () => {
    const frame = buildFrame(FrameType.HttpReqCall, (builder) =>
      Resp.createResp(builder, 1, 3 as Action, Stop.createStop(builder, 200, 0, 0)),
    );
    expect(() => decode(frame)).toThrow(/^action has type 3, which is none of 0 to 2;/);
  });

  test("a type of frame that no runner sends", () => {
    expect(() => decodeReply(7, Buffer.alloc(8))).toThrow(
      new MalformedPayloadError("a runner sends frames of type 0 to 4, this one has type 7"),
    );
  });

  test("an error frame without payload", () => {
    expect(() => decodeReply(FrameType.Error, Buffer.alloc(0))).toThrow(MalformedPayloadError);
  });
});

function decode(frame: Frame): RunnerReply {
  const bytes = Buffer.from(frame);
  return decodeReply(bytes[0]!, bytes.subarray(4));
}

/** @throws any error that is not the one for malformed payloads */
function isRefused(type: number, payload: Buffer): boolean {
  try {
    decodeReply(type, payload);
    return false;
  } catch (error) {
    if (error instanceof MalformedPayloadError) return true;
    throw error;
  }
}
