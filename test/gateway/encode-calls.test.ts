import { describe, expect, test } from "bun:test";
import {
  extraInfoFrame,
  httpReqCallFrame,
  httpRespCallFrame,
  METHODS,
  prepareConfFrame,
} from "../../src/gateway/encode-calls.ts";
import {
  decodeExtraInfo,
  decodeHttpReqCall,
  decodeHttpRespCall,
  decodePrepareConf,
} from "../../src/protocol/calls.ts";
import { type Frame, FrameType } from "../../src/protocol/frame.ts";
import type { TextEntries, WireEntry } from "../../src/protocol/text-entries.ts";
import { asRecorded, type FrameContents, genuineFrames, payloadOf } from "../support/fixtures.ts";

describe("a genuine frame, decoded and encoded again, says the same", () => {
  for (const recorded of genuineFrames) {
    test(recorded.file, () => {
      const frame = Buffer.from(encodedAgain(recorded));
      expect(frame[0]).toBe(recorded.type);
      expect(frame.readUInt32BE() & 0xffffff).toBe(frame.length - 4);
      expect(contentsOf(recorded.type, frame.subarray(4))).toEqual(expected(recorded));
    });
  }
});

test("what is left out of a request has APISIX's defaults", () => {
  const call = decodeHttpReqCall(
    payload(httpReqCallFrame({ method: "GET", path: "/", confToken: 7 })),
  );
  expect(call.id).toBe(0);
  expect(call.confToken).toBe(7);
  expect([...call.sourceIp]).toEqual([127, 0, 0, 1]);
  expect(call.args.length).toBe(0);
  expect(call.headers.length).toBe(0);
});

test("every method of the protocol arrives as itself", () => {
  expect(METHODS).toHaveLength(15);
  for (const method of METHODS) {
    expect(
      decodeHttpReqCall(payload(httpReqCallFrame({ method, path: "/", confToken: 0 }))).method,
    ).toBe(method);
  }
});

test("a method outside the protocol is an error that names it", () => {
  expect(() => httpReqCallFrame({ method: "PURGE", path: "/", confToken: 0 })).toThrow(
    /^the method PURGE has no number in the protocol; it is one of GET, HEAD, /,
  );
});

test("an absent answer is not an empty one", () => {
  expect(decodeExtraInfo(payload(extraInfoFrame(undefined)))).toBeUndefined();
  expect(decodeExtraInfo(payload(extraInfoFrame(new Uint8Array(0))))).toHaveLength(0);
});

test("an answer that fits into no frame is refused", () => {
  expect(() => extraInfoFrame(new Uint8Array(2 ** 24))).toThrow(/at most 16777215 bytes/);
});

function encodedAgain({ type, file, conf }: FrameContents): Frame {
  const genuine = payloadOf(file);
  switch (type) {
    case FrameType.PrepareConf: {
      const call = decodePrepareConf(genuine);
      return prepareConfFrame(call.key, conf === null ? undefined : call.conf);
    }
    case FrameType.HttpReqCall: {
      const { id, method, path, args, headers, sourceIp, confToken } = decodeHttpReqCall(genuine);
      return httpReqCallFrame({
        id,
        method,
        path,
        args: wireEntries(args),
        headers: wireEntries(headers),
        sourceIp,
        confToken,
      });
    }
    case FrameType.ExtraInfo:
      return extraInfoFrame(decodeExtraInfo(genuine));
    default: {
      const { id, status, headers, confToken } = decodeHttpRespCall(genuine);
      return httpRespCallFrame({ id, status, headers: wireEntries(headers), confToken });
    }
  }
}

/** What a payload holds, as the recording has it. */
function contentsOf(type: number, bytes: Buffer): object {
  switch (type) {
    case FrameType.PrepareConf: {
      const { key, conf } = decodePrepareConf(bytes);
      return { key, conf: conf.map(({ name, value }) => [name, value]) };
    }
    case FrameType.HttpReqCall: {
      const {
        id,
        confToken: token,
        method,
        sourceIp,
        path,
        args,
        headers,
      } = decodeHttpReqCall(bytes);
      return {
        id,
        token,
        method: METHODS.indexOf(method),
        src_ip: Buffer.from(sourceIp).toString("hex"),
        path,
        args: pairs(args),
        headers: pairs(headers),
      };
    }
    case FrameType.ExtraInfo: {
      const result = decodeExtraInfo(bytes);
      return {
        present: result !== undefined,
        result_len: result?.length ?? 0,
        start: start(asRecorded(result) ?? ""),
      };
    }
    default: {
      const { id, confToken: token, status, headers } = decodeHttpRespCall(bytes);
      return { id, token, status, headers: pairs(headers) };
    }
  }
}

function expected({ file, type, len, conf, result, ...contents }: FrameContents): object {
  if (type === FrameType.PrepareConf) return { ...contents, conf: conf ?? [] };
  if (type === FrameType.ExtraInfo) return { ...contents, start: start(result ?? "") };
  return contents;
}

/** The recordings keep only the start of a long answer. */
function start(text: string): string {
  return text.slice(0, 80);
}

function wireEntries(entries: TextEntries): WireEntry[] {
  return Array.from({ length: entries.length }, (_, i) => ({
    name: entries.nameBytes(i),
    value: entries.valueBytes(i),
  }));
}

function pairs(entries: TextEntries): (readonly [string | null, string | null])[] {
  return Array.from({ length: entries.length }, (_, i) => [
    asRecorded(entries.nameBytes(i)),
    shortened(asRecorded(entries.valueBytes(i))),
  ]);
}

/** As the recordings shorten values. */
function shortened(text: string | null): string | null {
  if (text === null || text.length <= 400) return text;
  return `${text.slice(0, 100)}…(${text.length} characters)`;
}

function payload(frame: Frame): Buffer {
  return Buffer.from(frame.subarray(4));
}
