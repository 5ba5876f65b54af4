/** Every frame that a genuine APISIX sent decodes to what an independent decoder found in it. */
import { describe, expect, test } from "bun:test";
import {
  decodeExtraInfo,
  decodeHttpReqCall,
  decodeHttpRespCall,
  decodePrepareConf,
} from "../../src/protocol/calls.ts";
import { Method } from "../../src/protocol/generated/a6/method.ts";
import type { TextEntries } from "../../src/protocol/text-entries.ts";
import {
  asRecorded,
  type FrameContents,
  frameBytes,
  genuineFrames,
  payloadOf,
} from "../support/fixtures.ts";

describe.each(genuineFrames.map((frame) => [frame.file, frame] as const))(
  "%s",
  (file, recorded) => {
    test("has its type and length in the header", () => {
      const bytes = frameBytes(file);
      expect(bytes[0]).toBe(recorded.type);
      expect(bytes.readUIntBE(1, 3)).toBe(recorded.len);
      expect(bytes.length).toBe(4 + recorded.len);
    });

    test("decodes to what was recorded", () => {
      expect(DECODE[recorded.type]?.(payloadOf(file), recorded)).toEqual(contentsOf(recorded));
    });
  },
);

type Decode = (payload: Buffer, recorded: FrameContents) => unknown;

const DECODE: Record<number, Decode> = {
  1: (payload) => {
    const { key, conf } = decodePrepareConf(payload);
    return { key, conf: conf.map(({ name, value }) => [name, value]) };
  },
  2: (payload) => {
    const call = decodeHttpReqCall(payload);
    return {
      id: call.id,
      token: call.confToken,
      method: call.method,
      src_ip: Buffer.from(call.sourceIp).toString("hex"),
      path: call.path,
      args: recordedEntries(call.args),
      headers: recordedEntries(call.headers),
    };
  },
  3: (payload, { result }) => {
    const answer = decodeExtraInfo(payload);
    return {
      present: answer !== undefined,
      result_len: answer?.length ?? 0,
      // Long ones were recorded by their beginning.
      result: (asRecorded(answer) ?? "").slice(0, result?.length),
    };
  },
  4: (payload) => {
    const call = decodeHttpRespCall(payload);
    return {
      id: call.id,
      token: call.confToken,
      status: call.status,
      headers: recordedEntries(call.headers),
    };
  },
};

function contentsOf({ file: _file, type: _type, len: _len, ...contents }: FrameContents): object {
  if (contents.conf === null) return { ...contents, conf: [] };
  if (contents.method !== undefined) return { ...contents, method: Method[contents.method] };
  return contents;
}

function recordedEntries(entries: TextEntries): [string, string | null][] {
  return Array.from({ length: entries.length }, (_, i) => [
    entries.name(i),
    shortened(asRecorded(entries.valueBytes(i))),
  ]);
}

/** As the recordings shorten long strings. */
function shortened(text: string | null): string | null {
  if (text === null || text.length <= 400) return text;
  return `${text.slice(0, 100)}…(${text.length} characters)`;
}
