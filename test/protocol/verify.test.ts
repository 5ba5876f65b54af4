import { describe, expect, test } from "bun:test";
import {
  decodeExtraInfo,
  decodeHttpReqCall,
  decodeHttpRespCall,
  decodePrepareConf,
} from "../../src/protocol/calls.ts";
import { Builder } from "flatbuffers";
import { TextEntry } from "../../src/protocol/generated/a6/text-entry.ts";
import { Req as PrepareConfReq } from "../../src/protocol/generated/a6/prepare-conf/req.ts";
import {
  HTTP_REQ_CALL_REQ,
  MalformedPayloadError,
  PREPARE_CONF_REQ,
  type TableShape,
  verifyTable,
} from "../../src/protocol/verify.ts";
import { mutate } from "../../scripts/fuzz/mutate.ts";
import { Random } from "../../scripts/fuzz/random.ts";
import { genuineFrames, payloadOf } from "../support/fixtures.ts";

/** Reads all there is, so that a bad offset that passed verification would show. */
const READ: Record<number, (payload: Buffer) => unknown> = {
  1: decodePrepareConf,
  2: (payload) => {
    const call = decodeHttpReqCall(payload);
    return [call.path, call.sourceIp, ...textOf(call.args), ...textOf(call.headers)];
  },
  3: decodeExtraInfo,
  4: (payload) => textOf(decodeHttpRespCall(payload).headers),
};

function textOf(entries: ReturnType<typeof decodeHttpReqCall>["headers"]): unknown[] {
  return Array.from({ length: entries.length }, (_, i) => [
    entries.name(i),
    entries.value(i),
    entries.nameBytes(i),
    entries.valueBytes(i),
  ]);
}

/** Whether the payload was read or refused: anything else fails the test. */
function outcome(type: number, payload: Buffer): "read" | "refused" {
  try {
    READ[type]?.(payload);
    return "read";
  } catch (error) {
    if (error instanceof MalformedPayloadError) return "refused";
    throw error;
  }
}

const SMALL = genuineFrames.filter(({ len }) => len < 2000);

describe("a genuine payload", () => {
  test("cut at any length is refused, or read without what was cut", () => {
    let refused = 0;
    for (const { file, type } of SMALL) {
      const payload = payloadOf(file);
      for (let length = 0; length < payload.length; length++) {
        if (outcome(type, Buffer.from(payload.subarray(0, length))) === "refused") refused++;
      }
    }
    expect(refused).toBeGreaterThan(SMALL.length * 10);
  });

  test("with any byte set to 0x00, 0x7f or 0xff is read or refused", () => {
    const outcomes = { read: 0, refused: 0 };
    for (const { file, type } of SMALL) {
      const payload = payloadOf(file);
      for (let at = 0; at < payload.length; at++) {
        for (const value of [0x00, 0x7f, 0xff]) {
          const changed = Buffer.from(payload);
          changed[at] = value;
          outcomes[outcome(type, changed)]++;
        }
      }
    }
    expect(outcomes.read).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });

  test("read as another type is read or refused", () => {
    for (const { file } of SMALL) {
      for (const type of [1, 2, 3, 4]) outcome(type, payloadOf(file));
    }
  });
});

describe("headers and arguments", () => {
  /** Not the shape that the verifier knows a short way for. */
  const copied: TableShape = structuredClone(HTTP_REQ_CALL_REQ);
  const verdict = (payload: Uint8Array, shape: TableShape): unknown => {
    try {
      return verifyTable(payload, shape);
    } catch (error) {
      return error instanceof MalformedPayloadError ? error.message : error;
    }
  };

  test("pass, and fail with the same words, as they would the long way", () => {
    const random = new Random(20_261);
    const payloads = SMALL.filter(({ type }) => type === 2).map(({ file }) => payloadOf(file));
    const verdicts = { passed: 0, refused: 0 };
    for (let i = 0; i < 30_000; i++) {
      const payload = mutate(random.pick(payloads), random);
      const expected = verdict(payload, copied);
      expect(verdict(payload, HTTP_REQ_CALL_REQ)).toBe(expected);
      verdicts[typeof expected === "number" ? "passed" : "refused"]++;
    }
    expect(verdicts.passed).toBeGreaterThan(1000);
    expect(verdicts.refused).toBeGreaterThan(1000);
  });

  test("that share one long text are refused the short way too", () => {
    const payload = sharedConf(100_000, 400);
    expect(verdict(payload, PREPARE_CONF_REQ)).toBe(
      verdict(payload, structuredClone(PREPARE_CONF_REQ)),
    );
  });
});

describe("refused, with the reason", () => {
  const refused = (payload: Uint8Array) => () => decodeHttpReqCall(Buffer.from(payload));

  test("an empty payload", () => {
    expect(refused(Buffer.alloc(0))).toThrow("payload has 0 bytes, too few for a table");
  });

  test("a root beyond the end", () => {
    expect(refused(Buffer.from([0xff, 0xff, 0, 0]))).toThrow("payload starts at 65535");
  });

  test("a vtable before the beginning", () => {
    expect(refused(Buffer.from([4, 0, 0, 0, 9, 0, 0, 0]))).toThrow("has its vtable at -5");
  });

  test("a request without a path", () => {
    // A table without a field: vtable of 4 bytes, table of 4 bytes.
    const empty = Buffer.from([8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0]);
    expect(refused(empty)).toThrow("payload lacks its path");
    expect(decodeExtraInfo(empty)).toBeUndefined();
  });

  test("a method that there is none of", () => {
    const payload = Buffer.from(payloadOf("apisix-m-PATCH.http-req-call.bin"));
    const patched = patchMethod(payload, 15);
    expect(refused(patched)).toThrow("method 15 is none of 0 to 14");
  });

  test("a conf that is not UTF-8", () => {
    const payload = Buffer.from(payloadOf("go-go-say.prepare-conf.bin"));
    payload[payload.indexOf("hello")] = 0xff;
    expect(() => decodePrepareConf(payload)).toThrow("conf is not valid UTF-8");
  });
});

describe("parts that are shared", () => {
  test("are read where the whole would still fit into a frame", () => {
    const { conf } = decodePrepareConf(sharedConf(100, 1000));
    expect(conf).toHaveLength(1000);
    expect(conf[999]).toEqual({ name: "x".repeat(100), value: "v" });
  });

  test("are refused where they come to more", () => {
    const payload = sharedConf(100_000, 400);
    expect(payload.length).toBeLessThan(110_000);
    expect(() => decodePrepareConf(payload)).toThrow(
      "shares its parts so often that they come to over 16777215 bytes",
    );
  });
});

/** A conf whose entries are one and the same, under a name of so many bytes. */
function sharedConf(nameBytes: number, count: number): Buffer {
  const builder = new Builder(1024);
  const name = builder.createString("x".repeat(nameBytes));
  const entry = TextEntry.createTextEntry(builder, name, builder.createString("v"));
  const conf = PrepareConfReq.createConfVector(builder, Array<number>(count).fill(entry));
  builder.finish(PrepareConfReq.createReq(builder, conf, 0));
  return Buffer.from(builder.asUint8Array());
}

test("many bad payloads are few different lines", () => {
  const summaries = new Set<string>();
  const payload = payloadOf("apisix-m-PATCH.http-req-call.bin");
  for (let at = 0; at < payload.length; at++) {
    for (const value of [0x00, 0x7f, 0xff]) {
      const changed = Buffer.from(payload);
      changed[at] = value;
      try {
        decodeHttpReqCall(changed);
      } catch (error) {
        if (error instanceof MalformedPayloadError) summaries.add(error.summary);
      }
    }
  }
  expect(summaries.size).toBeGreaterThan(3);
  expect(summaries.size).toBeLessThan(40);
});

/** The byte that makes the method PATCH (13). */
function patchMethod(payload: Buffer, method: number): Buffer {
  for (let at = 0; at < payload.length; at++) {
    if (payload[at] !== 13) continue;
    const changed = Buffer.from(payload);
    changed[at] = 0;
    if (decodes(changed) === "GET") {
      changed[at] = method;
      return changed;
    }
  }
  throw new Error("no byte of this payload is its method");
}

function decodes(payload: Buffer): string | undefined {
  try {
    return decodeHttpReqCall(payload).method;
  } catch {
    return undefined;
  }
}
