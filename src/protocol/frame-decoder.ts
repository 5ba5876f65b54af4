/** Cuts a byte stream into frames, however the stream was split. */
import { FRAME_HEADER_BYTES } from "./frame.ts";

/** Takes one frame. `payload` is a copy of its own and may be kept. */
export type FrameSink = (type: number, payload: Buffer) => void;

export interface FrameDecoder {
  /** Feeds bytes; `sink` is called, in order, for each frame they complete. The chunk is not kept. */
  push(chunk: Uint8Array): void;
  /** Bytes of an unfinished frame, its header included. */
  readonly buffered: number;
}

export function createFrameDecoder(sink: FrameSink): FrameDecoder {
  return new StreamFrameDecoder(sink);
}

/** Enough for most requests, so that a frame cut in two rarely makes the buffer grow. */
const FIRST_BUFFER_BYTES = 4096;

/** A peer that has sent so much of a frame is given room for all of it at once. */
const TRUSTED_BYTES = 256 * 1024;

const NOTHING = Buffer.alloc(0);

class StreamFrameDecoder implements FrameDecoder {
  /** An unfinished frame's bytes so far, in the first `buffered` bytes. */
  #partial: Buffer = NOTHING;
  buffered = 0;

  constructor(private readonly sink: FrameSink) {}

  push(chunk: Uint8Array): void {
    let at = this.buffered === 0 ? 0 : this.#complete(chunk);
    while (at + FRAME_HEADER_BYTES <= chunk.length) {
      const end = at + FRAME_HEADER_BYTES + payloadLength(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  /** Finishes the frame in `partial` from the chunk, as far as it goes; returns how many bytes it took. */
  #complete(chunk: Uint8Array): number {
    let at = 0;
    if (this.buffered < FRAME_HEADER_BYTES) {
      at = Math.min(FRAME_HEADER_BYTES - this.buffered, chunk.length);
      this.#keep(chunk, 0, at);
      if (this.buffered < FRAME_HEADER_BYTES) return at;
    }
    const size = FRAME_HEADER_BYTES + payloadLength(this.#partial, 0);
    const end = Math.min(at + size - this.buffered, chunk.length);
    this.#keep(chunk, at, end);
    if (this.buffered === size) {
      const partial = this.#partial;
      this.#partial = NOTHING;
      this.buffered = 0;
      // Nobody else has these bytes: the payload is a view of them, however large.
      this.sink(partial[0] ?? 0, partial.subarray(FRAME_HEADER_BYTES, size));
    }
    return end;
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start] ?? 0;
    this.sink(type, Buffer.from(bytes.subarray(start + FRAME_HEADER_BYTES, end)));
  }

  /** Appends to `partial`. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.buffered + end - start;
    if (needed > this.#partial.length) {
      // Not filled with zeroes first: all that is read of it was written.
      const grown = Buffer.allocUnsafeSlow(this.#capacityFor(needed));
      grown.set(this.#partial.subarray(0, this.buffered));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(start, end), this.buffered);
    this.buffered = needed;
  }

  /** Doubles as bytes arrive, so that a client which announces 16 MiB and stalls has cost what it sent. */
  #capacityFor(needed: number): number {
    if (needed < TRUSTED_BYTES || this.buffered < FRAME_HEADER_BYTES) {
      return Math.max(needed, FIRST_BUFFER_BYTES, this.#partial.length * 2);
    }
    return FRAME_HEADER_BYTES + payloadLength(this.#partial, 0);
  }
}

function payloadLength(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
