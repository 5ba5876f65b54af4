/** What passes at a glance passes the verifier, and what a genuine APISIX sends passes at a glance. */
import { describe, expect, test } from "bun:test";
import { Builder, type Offset } from "flatbuffers";
import { mutate } from "../../scripts/fuzz/mutate.ts";
import { Random } from "../../scripts/fuzz/random.ts";
import { HTTP_REQ_CALL_PARTS, HTTP_RESP_CALL_PARTS } from "../../src/protocol/calls.ts";
import { FRAME_HEADER_BYTES } from "../../src/protocol/frame.ts";
import { Req } from "../../src/protocol/generated/a6/httpreq-call/req.ts";
import { TextEntry } from "../../src/protocol/generated/a6/text-entry.ts";
import { tableAtGlance } from "../../src/protocol/glance.ts";
import {
  HTTP_REQ_CALL_REQ,
  HTTP_RESP_CALL_REQ,
  MalformedPayloadError,
  verifyTable,
} from "../../src/protocol/verify.ts";
import { frameBytes, genuineFrames } from "../support/fixtures.ts";

const KINDS = {
  2: [HTTP_REQ_CALL_PARTS, HTTP_REQ_CALL_REQ],
  4: [HTTP_RESP_CALL_PARTS, HTTP_RESP_CALL_REQ],
} as const;

const calls = genuineFrames
  .filter(({ type }) => type === 2 || type === 4)
  .map(({ file, type }) => [file, KINDS[type as 2 | 4]] as const);

const LARGEST = 16 * 1024;

describe.each(calls)("%s", (file, [parts, shape]) => {
  const frame = frameBytes(file);

  test("passes, unless it is large", () => {
    const table = tableAtGlance(frame, FRAME_HEADER_BYTES, parts);
    expect(table).toBe(frame.length > LARGEST ? 0 : verifyTable(frame, shape, FRAME_HEADER_BYTES));
  });

  test("with any byte changed it passes only where the verifier agrees", () => {
    const changed = Buffer.from(frame.subarray(0, LARGEST));
    let passed = 0;
    for (let at = FRAME_HEADER_BYTES; at < Math.min(changed.length, 1500); at++) {
      const was = changed[at]!;
      for (const bits of [0x01, 0x03, 0x04, 0x10, 0x80, 0xff]) {
        changed[at] = was ^ bits;
        const table = tableAtGlance(changed, FRAME_HEADER_BYTES, parts);
        if (table === 0) continue;
        passed++;
        expect(verifyTable(changed, shape, FRAME_HEADER_BYTES)).toBe(table);
      }
      changed[at] = was;
    }
    if (frame.length <= LARGEST) expect(passed).toBeGreaterThan(0);
  });

  test("cut short it passes only where the verifier agrees", () => {
    for (let end = 0; end < Math.min(frame.length, 2000); end++) {
      const cut = Buffer.from(frame.subarray(0, end));
      const table = tableAtGlance(cut, FRAME_HEADER_BYTES, parts);
      if (table !== 0) expect(verifyTable(cut, shape, FRAME_HEADER_BYTES)).toBe(table);
    }
  });
});

test("nor does a mutated one that the verifier refuses", () => {
  const random = new Random(7);
  let passed = 0;
  for (let i = 0; i < 20_000; i++) {
    const [file, [parts, shape]] = calls[i % calls.length]!;
    const frame = Buffer.from(mutate(frameBytes(file), random));
    const table = tableAtGlance(frame, FRAME_HEADER_BYTES, parts);
    if (table === 0) continue;
    passed++;
    expect(verifyTable(frame, shape, FRAME_HEADER_BYTES)).toBe(table);
  }
  expect(passed).toBeGreaterThan(1000);
});

test("what is shared counts as often as it is led to", () => {
  const passes = sharedArguments(100);
  expect(tableAtGlance(passes, 0, HTTP_REQ_CALL_PARTS)).toBe(
    verifyTable(passes, HTTP_REQ_CALL_REQ),
  );
  // Names and values come to 17 MB, the payload has 13 kB.
  const tooMuch = sharedArguments(1200);
  expect(tooMuch.length).toBeLessThan(LARGEST);
  expect(tableAtGlance(tooMuch, 0, HTTP_REQ_CALL_PARTS)).toBe(0);
  expect(() => verifyTable(tooMuch, HTTP_REQ_CALL_REQ)).toThrow(MalformedPayloadError);
});

/** The payload of a request with one argument that stands in its list so often. */
function sharedArguments(count: number): Buffer {
  const builder = new Builder(1024);
  const text = builder.createString("a".repeat(7200));
  const entry = TextEntry.createTextEntry(builder, text, text);
  const args = Req.createArgsVector(builder, Array<Offset>(count).fill(entry));
  const path = builder.createString("/");
  Req.startReq(builder);
  Req.addPath(builder, path);
  Req.addArgs(builder, args);
  builder.finish(Req.endReq(builder));
  return Buffer.from(builder.asUint8Array());
}

test("a payload that does not begin at a multiple of four takes a closer look", () => {
  const [file, [parts]] = calls[0]!;
  const frame = frameBytes(file);
  const shifted = Buffer.concat([Buffer.alloc(1), frame]);
  expect(tableAtGlance(shifted, FRAME_HEADER_BYTES + 1, parts)).toBe(0);
});
