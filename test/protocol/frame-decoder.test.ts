import { describe, expect, test } from "bun:test";
import { MAX_PAYLOAD_BYTES } from "../../src/protocol/frame.ts";
import { createChunkTakingDecoder, createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
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

describe("a decoder that takes its chunks", () => {
  /** Each chunk in memory of its own, as Bun reads them. */
  function framesOf(chunks: Iterable<Uint8Array>): Buffer[] {
    const frames: Buffer[] = [];
    const decoder = createChunkTakingDecoder((frame) => frames.push(frame));
    for (const chunk of chunks) decoder.push(Buffer.from(new Uint8Array(chunk).buffer));
    expect(decoder.buffered).toBe(0);
    return frames;
  }

  test.each([1, 2, 3, 4, 5, 7, 1000, 4095, STREAM.length])("in pieces of %d bytes", (size) => {
    expect(framesOf(piecesOf(STREAM, size))).toEqual(FRAMES);
  });

  test.each([64 * 1024, 219_264, 300_000, 2 ** 24])("large frames in pieces of %d", (size) => {
    const large = [70_000, 219_260, 219_261, 600_000, 3].map((length, i) =>
      rawFrame(i, Buffer.alloc(length, `${i}`)),
    );
    const frames = framesOf(piecesOf(Buffer.concat(large), size));
    expect(frames.map((frame, i) => frame.equals(large[i]!))).toEqual(large.map(() => true));
  });

  test("hands on a chunk that is one frame without a copy", () => {
    const chunk = Buffer.from(FRAMES[0]!);
    const frames: Buffer[] = [];
    createChunkTakingDecoder((frame) => frames.push(frame)).push(chunk);
    expect(frames[0]).toBe(chunk);
  });

  test("gives frames of one chunk memory of their own: they may be of different calls", () => {
    const frames = framesOf([STREAM]);
    expect(new Set(frames.map(({ buffer }) => buffer)).size).toBe(FRAMES.length);
    expect(Math.max(...frames.map(({ buffer }) => buffer.byteLength))).toBeLessThan(STREAM.length);
  });

  test("gives the memory of a large chunk back when it has copied it, and no other", () => {
    const frame = rawFrame(3, Buffer.alloc(600_000, "c"));
    const chunks = [...piecesOf(frame, 219_264)].map((piece) =>
      Buffer.from(new Uint8Array(piece).buffer),
    );
    const frames: Buffer[] = [];
    const decoder = createChunkTakingDecoder((whole) => frames.push(whole));
    for (const chunk of chunks) decoder.push(chunk);
    expect(chunks.map(({ length }) => length)).toEqual([0, 0, 0]);
    expect(frames[0]?.equals(frame)).toBe(true);
  });
});
