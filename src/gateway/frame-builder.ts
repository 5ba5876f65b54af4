/** A FlatBuffers builder that leaves a whole frame, header and payload, in one piece of memory. */
import { Builder, type Offset } from "flatbuffers";
import {
  type Frame,
  FRAME_HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  PayloadTooLargeError,
  writeFrameHeader,
} from "../protocol/frame.ts";
import { TextEntry } from "../protocol/generated/a6/text-entry.ts";
import type { WireEntry, WireText } from "../protocol/text-entries.ts";

const SMALL_BYTES = 4096;

/** Above this the memory of one large reply is given back instead of kept for the next. */
const KEEP_BYTES = 1 << 20;

let shared = new Builder(SMALL_BYTES);

/**
 * Builds one frame. The builder is shared: building is synchronous, so no two frames are ever under way.
 *
 * @param roughBytes what the payload's bodies amount to, so that a large one finds its memory at once
 * @throws PayloadTooLargeError
 */
export function buildFrame(
  type: number,
  root: (builder: Builder) => Offset,
  roughBytes = 0,
): Frame {
  if (roughBytes > MAX_PAYLOAD_BYTES) throw new PayloadTooLargeError(roughBytes);
  const builder = roughBytes > KEEP_BYTES ? new Builder(roughBytes + SMALL_BYTES) : shared;
  builder.clear();
  builder.finish(root(builder));
  const length = builder.offset();
  // FlatBuffers are built from the end backwards: the header goes in front.
  builder.prep(FRAME_HEADER_BYTES, 0);
  const bytes = builder.dataBuffer().bytes();
  const start = bytes.length - length - FRAME_HEADER_BYTES;
  writeFrameHeader(bytes, start, type, length);
  if (builder === shared && bytes.length > KEEP_BYTES) shared = new Builder(SMALL_BYTES);
  return bytes.subarray(start);
}

/** Writes the entries; 0 (no vector) where there are none. */
export function writeEntries(
  builder: Builder,
  entries: readonly WireEntry[],
  createVector: (builder: Builder, offsets: Offset[]) => Offset,
): Offset {
  if (entries.length === 0) return 0;
  return createVector(
    builder,
    entries.map(({ name, value }) => {
      const nameAt = builder.createString(name);
      const valueAt = value === undefined ? 0 : builder.createString(value);
      return TextEntry.createTextEntry(builder, nameAt, valueAt);
    }),
  );
}

/** Writes a body; 0 (no vector) where there is none. */
export function writeBytes(builder: Builder, bytes: WireText | undefined): Offset {
  if (bytes === undefined) return 0;
  return builder.createByteVector(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
}
