/**
 * Writes a frame from front to back, its header first. The builder of FlatBuffers goes from back to front, and makes
 * objects and views for each string. What is written here says the same, with two liberties that the
 * format leaves: each field of a table takes four bytes, and all entries share a vtable.
 *
 * As the body comes last, a large one is not copied into the frame: it is sent from where it lies.
 */
import {
  type Frame,
  FRAME_HEADER_BYTES,
  type LongFrame,
  MAX_PAYLOAD_BYTES,
  PayloadTooLargeError,
  writeFrameHeader,
} from "./frame.ts";
import { isLarge, ownBytes } from "./large-memory.ts";
import { readUint32 } from "./read.ts";
import { ReceivedEntry, type WireEntry, type WireText } from "./text-entries.ts";

const FIRST_BYTES = 4096;

/** Above this the memory of one large reply is given back instead of kept for the next. */
const KEEP_BYTES = 1 << 20;

/** So many bytes are copied one by one: to have it done takes as long. */
const FEW_BYTES = 24;

/** Text of so many units, where it is ASCII, is written unit by unit in less time than it takes to have it done. */
const FEW_UNITS = 64;

const LAST_OF_ASCII = 0x7f;

/** UTF-8 takes no more for one unit of a string. */
const MAX_BYTES_A_UNIT = 3;

/** Larger replies get a view of their own. */
const MAX_VIEWS = 1024;

/** Size of the vtable, size of the table, where in it name and value stand. */
const ENTRY_VTABLE = [8, 12, 4, 8] as const;
const ENTRY_VTABLE_WITHOUT_VALUE = [8, 12, 4, 0] as const;

class ReplyWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Views of the first bytes, by their number: most replies are one of few sizes, and to make a view takes 0.1 µs. */
  readonly #views: Frame[] = [];
  /** Where the next part goes. */
  #at = 0;
  /** Where the vtables of entries stand in this frame; 0: not written yet. */
  #entryVtable = 0;
  #entryVtableWithoutValue = 0;

  /** Begins a frame, whose root is a table of so many fields; returns where that stands. */
  begin(fields: number): number {
    if (this.#bytes.length > KEEP_BYTES) this.#moveTo(Buffer.allocUnsafeSlow(FIRST_BYTES));
    this.#entryVtable = 0;
    this.#entryVtableWithoutValue = 0;
    this.#at = FRAME_HEADER_BYTES + 4;
    const root = this.table(fields);
    this.#uint32(FRAME_HEADER_BYTES, root - FRAME_HEADER_BYTES);
    return root;
  }

  /** Adds a table that has none of its fields yet; returns where it stands. */
  table(fields: number): number {
    const vtableSize = 4 + fields * 2;
    const vtable = this.#at;
    // Tables stand at multiples of four.
    const table = vtable + vtableSize + (vtableSize & 2);
    const end = table + 4 + fields * 4;
    this.#reserve(end);
    for (let at = vtable; at < end; at++) this.#bytes[at] = 0;
    this.#uint16(vtable, vtableSize);
    this.#uint16(vtable + 2, end - table);
    this.#uint32(table, table - vtable);
    this.#at = end;
    return table;
  }

  number(table: number, field: number, value: number): void {
    this.#uint32(this.#place(table, field), value);
  }

  /** The field leads to a table that was added after its own. */
  lead(table: number, field: number, to: number): void {
    const at = this.#place(table, field);
    this.#uint32(at, to - at);
  }

  /** The field leads to what is added next. */
  #next(table: number, field: number): void {
    this.lead(table, field, this.#at);
  }

  /** Nothing where it is undefined. */
  text(table: number, field: number, text: WireText | undefined): void {
    if (text === undefined) return;
    this.#next(table, field);
    this.#text(text);
  }

  /** Nothing where there are none. */
  entries(table: number, field: number, entries: readonly WireEntry[]): void {
    const { length } = entries;
    if (length === 0) return;
    this.#next(table, field);
    const offsets = this.#at + 4;
    this.#reserve(offsets + length * 4);
    this.#uint32(this.#at, length);
    this.#at = offsets + length * 4;
    for (let i = 0; i < length; i++) this.#entry(offsets + i * 4, entries[i]!);
  }

  /** Ends the frame. @throws PayloadTooLargeError */
  end(type: number): Frame {
    return this.#frame(type, 0);
  }

  /** Ends the frame with a body as the field, if there is one. @throws PayloadTooLargeError */
  endWithBody(
    type: number,
    table: number,
    field: number,
    body: WireText | undefined,
  ): Frame | LongFrame {
    if (body === undefined) return this.#frame(type, 0);
    this.#next(table, field);
    if (!isLarge(body)) {
      this.#text(body);
      return this.#frame(type, 0);
    }
    const isOwn = typeof body === "string";
    const bytes = isOwn ? ownBytes(body) : body;
    this.#reserve(this.#at + 4);
    this.#uint32(this.#at, bytes.length);
    this.#at += 4;
    return { head: this.#frame(type, bytes.length), body: bytes, isOwn };
  }

  #frame(type: number, more: number): Frame {
    const length = this.#at - FRAME_HEADER_BYTES + more;
    if (length > MAX_PAYLOAD_BYTES) throw new PayloadTooLargeError(length);
    writeFrameHeader(this.#bytes, 0, type, length);
    return this.#at < MAX_VIEWS ? (this.#views[this.#at] ??= this.#view()) : this.#view();
  }

  #view(): Frame {
    return this.#bytes.subarray(0, this.#at);
  }

  /** @param slot of the vector, which leads to the entry */
  #entry(slot: number, entry: WireEntry): void {
    if (entry instanceof ReceivedEntry) {
      const { bytes, nameAt, valueAt } = entry;
      const table = this.#entryTable(slot, true);
      this.#leadsHere(table + 4);
      this.#copyText(bytes, nameAt);
      this.#leadsHere(table + 8);
      if (valueAt === 0) this.#text("");
      else this.#copyText(bytes, valueAt);
      return;
    }
    const { name, value } = entry;
    const table = this.#entryTable(slot, value !== undefined);
    this.#leadsHere(table + 4);
    this.#text(name);
    if (value === undefined) return;
    this.#leadsHere(table + 8);
    this.#text(value);
  }

  #entryTable(slot: number, hasValue: boolean): number {
    const vtable = hasValue
      ? (this.#entryVtable ||= this.#vtable(ENTRY_VTABLE))
      : (this.#entryVtableWithoutValue ||= this.#vtable(ENTRY_VTABLE_WITHOUT_VALUE));
    const table = this.#at;
    this.#reserve(table + 12);
    this.#uint32(slot, table - slot);
    this.#uint32(table, table - vtable);
    this.#uint32(table + 8, 0);
    this.#at = table + 12;
    return table;
  }

  #vtable(content: readonly number[]): number {
    const vtable = this.#at;
    this.#reserve(vtable + 8);
    for (let i = 0; i < content.length; i++) this.#uint16(vtable + i * 2, content[i]!);
    this.#at = vtable + 8;
    return vtable;
  }

  /** Where a field's value goes: its vtable says so from now on. */
  #place(table: number, field: number): number {
    const place = 4 + field * 4;
    this.#uint16(table - readUint32(this.#bytes, table) + 4 + field * 2, place);
    return table + place;
  }

  #leadsHere(at: number): void {
    this.#uint32(at, this.#at - at);
  }

  /** Adds a string, or as much as a vector of bytes. */
  #text(text: WireText): void {
    const start = this.#at + 4;
    if (typeof text === "string") {
      this.#reserve(start + text.length * MAX_BYTES_A_UNIT + 4);
      this.#endText(start, this.#write(text, start));
    } else {
      this.#reserve(start + text.length + 4);
      this.#bytes.set(text, start);
      this.#endText(start, text.length);
    }
  }

  /** Writes the text as UTF-8; returns how many bytes it has. */
  #write(text: string, start: number): number {
    const { length } = text;
    if (length > FEW_UNITS) return this.#bytes.write(text, start);
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > LAST_OF_ASCII) return this.#bytes.write(text, start);
      this.#bytes[start + i] = unit;
    }
    return length;
  }

  /** Adds a string that stands in other bytes: its length, then itself. */
  #copyText(from: Buffer, at: number): void {
    const length = readUint32(from, at);
    const start = this.#at + 4;
    this.#reserve(start + length + 4);
    if (length <= FEW_BYTES) {
      for (let i = 0; i < length; i++) this.#bytes[start + i] = from[at + 4 + i]!;
    } else {
      from.copy(this.#bytes, start, at + 4, at + 4 + length);
    }
    this.#endText(start, length);
  }

  /** Strings end with a NUL, which counts as nothing; the next part stands at a multiple of four. */
  #endText(start: number, length: number): void {
    this.#uint32(start - 4, length);
    const end = start + length;
    const next = (end + 4) & ~3;
    for (let at = end; at < next; at++) this.#bytes[at] = 0;
    this.#at = next;
  }

  #reserve(end: number): void {
    if (end <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(end, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#moveTo(grown);
  }

  #moveTo(bytes: Buffer<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#views.length = 0;
  }

  #uint16(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
  }

  #uint32(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }
}

/** One is enough: writing is synchronous, so no two frames are ever under way. */
export const replyWriter = new ReplyWriter();
