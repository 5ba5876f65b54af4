/** What a glance takes for a PrepareConf the verifier takes too, and both read the same; what APISIX sends passes. */
import { describe, expect, test } from "bun:test";
import { Builder, type Offset } from "flatbuffers";
import { mutate } from "../../scripts/fuzz/mutate.ts";
import { Random } from "../../scripts/fuzz/random.ts";
import { decodePrepareConf } from "../../src/protocol/calls.ts";
import { FRAME_HEADER_BYTES, FrameType } from "../../src/protocol/frame.ts";
import { Req } from "../../src/protocol/generated/a6/prepare-conf/req.ts";
import { TextEntry } from "../../src/protocol/generated/a6/text-entry.ts";
import { prepareConfAtGlance } from "../../src/protocol/prepare-conf-at-glance.ts";
import { prepareBytes, PRE_REQ } from "../support/encode.ts";
import { frameBytes, genuineFrames } from "../support/fixtures.ts";
import { rawFrame } from "../support/raw-connection.ts";

const genuine = genuineFrames.filter(({ type }) => type === 1).map(({ file }) => frameBytes(file));
const own = [
  prepareBytes(PRE_REQ, []),
  prepareBytes(PRE_REQ, [["say", ""]]),
  prepareBytes("", [
    ["say", "{}"],
    ["stop", '{"body":"grüße 🚀"}'],
  ]),
];

test.each([...genuine, ...own].map((frame) => [frame]))("passes, and is read alike", (frame) => {
  const { key, conf } = decodePrepareConf(frame, FRAME_HEADER_BYTES);
  expect(prepareConfAtGlance(frame)).toEqual({ key, conf: [...conf] });
});

/** Looks at it both ways. @returns whether it passed */
function agrees(frame: Buffer): boolean {
  const seen = prepareConfAtGlance(frame);
  if (seen !== undefined) expect(seen).toEqual(decodeToCompare(frame));
  return seen !== undefined;
}

function decodeToCompare(frame: Buffer) {
  const { key, conf } = decodePrepareConf(frame, FRAME_HEADER_BYTES);
  return { key, conf: [...conf] };
}

describe.each([genuine[0]!, own[2]!].map((frame) => [frame]))("damaged", (frame) => {
  test("any byte may be any other", () => {
    const changed = Buffer.from(frame);
    let passed = 0;
    for (let at = FRAME_HEADER_BYTES; at < frame.length; at++) {
      for (let value = 0; value < 256; value++) {
        changed[at] = value;
        if (agrees(changed)) passed++;
      }
      changed[at] = frame[at]!;
    }
    // Most of a frame is text, which may be any other, and numbers, which may not.
    expect(passed).toBeGreaterThan(frame.length);
    expect(passed).toBeLessThan((frame.length - FRAME_HEADER_BYTES) * 256);
  });

  test("it may end anywhere", () => {
    for (let end = 0; end < frame.length; end++) agrees(Buffer.from(frame.subarray(0, end)));
    expect(prepareConfAtGlance(frame.subarray(0, frame.length - 8))).toBeUndefined();
  });

  test("it may be changed in many ways at once", () => {
    const random = new Random(20_261_128);
    let passed = 0;
    for (let i = 0; i < 20_000; i++) if (agrees(Buffer.from(mutate(frame, random)))) passed++;
    expect(passed).toBeGreaterThan(0);
  });
});

test("one text for many entries is for the verifier to count", () => {
  const builder = new Builder(1024);
  const text = builder.createString("a".repeat(200));
  const entry = TextEntry.createTextEntry(builder, text, text);
  const conf = Req.createConfVector(builder, Array<Offset>(50).fill(entry));
  builder.finish(Req.createReq(builder, conf, builder.createString(PRE_REQ)));
  const frame = rawFrame(FrameType.PrepareConf, builder.asUint8Array());
  expect(prepareConfAtGlance(frame)).toBeUndefined();
  expect(decodePrepareConf(frame, FRAME_HEADER_BYTES).conf).toHaveLength(50);
});

test("what is no UTF-8 takes a closer look", () => {
  const frame = prepareBytes(PRE_REQ, [["say", "abc"]]);
  frame[frame.indexOf("abc")] = 0xff;
  expect(prepareConfAtGlance(frame)).toBeUndefined();
  expect(() => decodePrepareConf(frame, FRAME_HEADER_BYTES)).toThrow("not valid UTF-8");
});
