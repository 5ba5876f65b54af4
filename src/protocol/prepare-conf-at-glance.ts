/**
 * Reads a PrepareConf that is as APISIX sends it, with a tenth of the code that the verifier has, and finds words for its
 * doubts with: that code a start would wait for.
 *
 * There is no rule of the verifier that is not one here. What does not pass, the verifier looks at again.
 */
import { FRAME_HEADER_BYTES } from "./frame.ts";
import { readUint32 } from "./read.ts";

/**
 * @param frame a whole frame of type PrepareConf
 * @returns what `decodePrepareConf` gives; undefined: this takes a closer look
 */
export function prepareConfAtGlance(
  frame: Uint8Array,
): { key: string; conf: { name: string; value: string }[] } | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  // Nowhere are more texts than there are bytes: none is read twice.
  let left = frame.length;
  const textOf = (table: number, field: number): string => {
    const at = fieldAt(frame, table, field);
    if (at === 0) return "";
    const start = at + wordAt(frame, at) + 4;
    const end = start + wordAt(frame, start - 4);
    left -= end - start;
    if (end > frame.length || left < 0) throw new RangeError("no text");
    return decoder.decode(frame.subarray(start, end));
  };
  try {
    const table = FRAME_HEADER_BYTES + wordAt(frame, FRAME_HEADER_BYTES);
    const conf: { name: string; value: string }[] = [];
    const entries = fieldAt(frame, table, 0);
    if (entries !== 0) {
      const vector = entries + wordAt(frame, entries);
      const end = vector + 4 + wordAt(frame, vector) * 4;
      for (let at = vector + 4; at < end; at += 4) {
        const entry = at + wordAt(frame, at);
        if (fieldAt(frame, entry, 0) === 0) return undefined;
        conf.push({ name: textOf(entry, 0), value: textOf(entry, 1) });
      }
    }
    return { key: textOf(table, 1), conf };
  } catch {
    // Something leads out of the frame, or a text is no UTF-8.
    return undefined;
  }
}

/** Where a field of the table stands that leads to something; 0: the table does not have it. @throws RangeError */
function fieldAt(frame: Uint8Array, table: number, field: number): number {
  const vtable = table - (wordAt(frame, table) | 0);
  const sizes = wordAt(frame, vtable);
  const size = sizes & 0xffff;
  const tableSize = sizes >>> 16;
  const slot = vtable + 4 + field * 2;
  const offset = slot < vtable + size ? frame[slot]! | (frame[slot + 1]! << 8) : 0;
  const isWhole = size >= 4 && size % 2 === 0 && vtable + size <= frame.length;
  const isInside = tableSize >= 4 && table + tableSize <= frame.length;
  const isField = offset === 0 || (offset >= 4 && offset + 4 <= tableSize);
  if (!isWhole || !isInside || !isField) throw new RangeError("no field");
  return offset && table + offset;
}

/** Four bytes of the payload. @throws RangeError where they are not all in it */
function wordAt(frame: Uint8Array, at: number): number {
  if (at < FRAME_HEADER_BYTES || at + 4 > frame.length) throw new RangeError("no word");
  return readUint32(frame, at);
}
