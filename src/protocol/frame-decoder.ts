/** Cuts a byte stream into frames, however the stream was split. */
import { FRAME_HEADER_BYTES, isOneFrame, payloadLength } from "./frame.ts";
import { allocateToLend, isLarge, lend, release } from "./large-memory.ts";

/** Takes one frame. `payload` is a copy of its own and may be kept. */
export type FrameSink = (type: number, payload: Buffer) => void;

/** Takes one frame with its header: the payload begins at `FRAME_HEADER_BYTES`. No other frame shares its memory. */
export type WholeFrameSink = (frame: Buffer) => void;

export interface FrameDecoder<Chunk extends Uint8Array = Uint8Array> {
  /** Feeds bytes; the sink is called, in order, for each frame they complete. */
  push(chunk: Chunk): void;
  /** Bytes of an unfinished frame, its header included. */
  readonly buffered: number;
}

/** A decoder that keeps nothing of the chunks it is given. */
export function createFrameDecoder(sink: FrameSink): FrameDecoder {
  const decoder = new StreamFrameDecoder((frame) => {
    sink(frame[0] ?? 0, frame.subarray(FRAME_HEADER_BYTES));
  });
  return {
    push: (chunk) => decoder.push(Buffer.from(chunk)),
    get buffered() {
      return decoder.buffered;
    },
  };
}

/**
 * A decoder to which the chunks belong that it is given: a chunk that is one whole frame, as most are, is
 * handed on as it is, without a copy and without a view. Either costs a microsecond with memory as small as a
 * request, which the engine keeps in its own heap until somebody asks for a view of it.
 */
export function createChunkTakingDecoder(sink: WholeFrameSink): FrameDecoder<Buffer> {
  return new StreamFrameDecoder(sink);
}

/** Enough for most requests, so that a frame cut in two rarely makes the buffer grow. */
const FIRST_BUFFER_BYTES = 4096;

/** A peer that has sent so much of a frame is given room for all of it at once. */
const TRUSTED_BYTES = 256 * 1024;

const NOTHING = Buffer.alloc(0);

class StreamFrameDecoder implements FrameDecoder<Buffer> {
  /** An unfinished frame's bytes so far, in the first `buffered` bytes. */
  #partial: Buffer = NOTHING;
  buffered = 0;

  constructor(private readonly sink: WholeFrameSink) {}

  push(chunk: Buffer): void {
    if (this.buffered === 0 && isOneFrame(chunk)) {
      this.sink(lend(chunk));
      return;
    }
    const taken = this.buffered === 0 ? 0 : this.#complete(chunk);
    if (taken < chunk.length) this.#cut(chunk, taken);
    if (this.#partial !== chunk) release(chunk);
  }

  /** Hands on the frames that begin at `at`; what is left is kept until there is more of it. */
  #cut(chunk: Buffer, from: number): void {
    let at = from;
    while (at + FRAME_HEADER_BYTES <= chunk.length) {
      const end = at + FRAME_HEADER_BYTES + payloadLength(chunk, at);
      if (end > chunk.length) break;
      // A copy: frames of one chunk may be of different calls.
      this.sink(Buffer.from(chunk.subarray(at, end)));
      at = end;
    }
    if (at === 0 && isLarge(chunk)) {
      this.#partial = chunk;
      this.buffered = chunk.length;
    } else if (at < chunk.length) {
      this.#keep(chunk, at, chunk.length);
    }
  }

  /** Finishes the frame in `partial` from the chunk, as far as it goes; returns how many bytes it took. */
  #complete(chunk: Buffer): number {
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
      // Nobody else has these bytes, however many.
      this.sink(partial.length === size ? partial : partial.subarray(0, size));
    }
    return end;
  }

  /** Appends to `partial`. */
  #keep(chunk: Buffer, start: number, end: number): void {
    const needed = this.buffered + end - start;
    if (needed > this.#partial.length) {
      const before = this.#partial;
      this.#partial = allocateToLend(this.#capacityFor(needed));
      this.#partial.set(before.subarray(0, this.buffered));
      release(before);
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
