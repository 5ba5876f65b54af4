import { describe, expect, test } from "bun:test";
import { MAX_PAYLOAD_BYTES } from "../../src/protocol/frame.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { rawFrame } from "../support/raw-connection.ts";

const FRAMES = [
  rawFrame(1, Buffer.from("first")),
  rawFrame(2, Buffer.alloc(0)),
  rawFrame(9, Buffer.from("x".repeat(9000))),
  rawFrame(4, Buffer.from("last")),
];
const STREAM = Buffer.concat(FRAMES);

function decodeIn(pieces: Iterable<Uint8Array>) {
  const frames: Buffer[] = [];
  const decoder = createFrameDecoder((type, payload) => frames.push(rawFrame(type, payload)));
  for (const piece of pieces) decoder.push(piece);
  return { frames, buffered: decoder.buffered };
}

function* piecesOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("a stream of frames", () => {
  test.each([1, 2, 3, 4, 5, 7, 1000, 4095, STREAM.length])("in pieces of %d bytes", (size) => {
    expect(decodeIn(piecesOf(STREAM, size))).toEqual({ frames: FRAMES, buffered: 0 });
  });

  test("cut in two at every place", () => {
    for (let at = 0; at <= STREAM.length; at++) {
      expect(decodeIn([STREAM.subarray(0, at), STREAM.subarray(at)]).frames).toEqual(FRAMES);
    }
  });

  test("an unfinished frame is kept, and counted", () => {
    const { frames, buffered } = decodeIn([STREAM, FRAMES[0]!.subarray(0, 6)]);
    expect(frames).toEqual(FRAMES);
    expect(buffered).toBe(6);
  });
});

test("the largest payload there can be", () => {
  const frame = rawFrame(3, Buffer.alloc(MAX_PAYLOAD_BYTES, "ab"));
  const { frames } = decodeIn(piecesOf(frame, 219_264));
  expect(frames).toHaveLength(1);
  expect(frames[0]!.equals(frame)).toBe(true);
});

test("a frame outlives the chunk it came in", () => {
  const chunk = Buffer.from(FRAMES[0]!);
  const kept: Buffer[] = [];
  createFrameDecoder((_type, payload) => kept.push(payload)).push(chunk);
  chunk.fill(0);
  expect(kept[0]?.toString()).toBe("first");
});

test("a large length announced costs no memory until the bytes come", () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 50 }, () => createFrameDecoder(() => undefined));
  for (const decoder of decoders) decoder.push(Buffer.from([2, 0xff, 0xff, 0xff, 0]));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_PAYLOAD_BYTES);
  expect(decoders.every(({ buffered }) => buffered === 5)).toBe(true);
});
