/**
 * Sees at a glance that a payload is sound, as all are that come from APISIX, in a third of the time that the
 * verifier takes.
 *
 * The payload is copied, once and as a whole, to memory that can be read a word at a time: to put together
 * each of its offsets and lengths from four bytes is what the verifier's time goes to. To have words of the
 * payload itself would take longer than the copy: the engine would move it out of its own heap.
 *
 * There is no rule here that the verifier does not have, and some are narrower: parts stand at multiples of four, and
 * before what leads to them stands nothing. What does not pass the verifier looks at again, and finds the words for it.
 */
import { MAX_PAYLOAD_BYTES } from "./frame.ts";

/** What a field of the payload's table is. */
export const Part = {
  ubyte: 1,
  uint16: 2,
  uint32: 4,
  /** A string or a vector of bytes. */
  text: 5,
  requiredText: 6,
  /** A vector of TextEntry. */
  entries: 7,
} as const;

export type Part = (typeof Part)[keyof typeof Part];

/** Larger payloads are the verifier's: most requests are far smaller. */
const GLANCE_BYTES = 16 * 1024;

const memory = new ArrayBuffer(GLANCE_BYTES);
const bytes = new Uint8Array(memory);
const halves = new Uint16Array(memory);
const words = new Int32Array(memory);

/** Where the payload at hand begins and ends, and how much its parts may still amount to: see `verify.ts`. */
let begin = 0;
let end = 0;
let left = 0;

/**
 * @param start where the payload begins in the frame; it goes to its end
 * @param parts the fields of its table in schema order
 * @returns where that table stands; 0: this takes a closer look
 */
export function tableAtGlance(frame: Uint8Array, start: number, parts: readonly Part[]): number {
  const { length } = frame;
  if (length > GLANCE_BYTES || length < start + 4 || (start & 3) !== 0) return 0;
  bytes.set(frame);
  begin = start;
  end = length;
  left = MAX_PAYLOAD_BYTES;
  const table = led(start);
  return table > 0 && passes(table, parts) ? table : 0;
}

/** Where the offset at `at` leads to, a multiple of four behind it with a word in it; 0: elsewhere. */
function led(at: number): number {
  const to = at + words[at >> 2]!;
  return to > at && to + 4 <= end && (to & 3) === 0 ? to : 0;
}

function passes(table: number, parts: readonly Part[]): boolean {
  const vtable = vtableOf(table);
  if (vtable === 0) return false;
  const vtableSize = halves[vtable >> 1]!;
  const tableSize = halves[(vtable >> 1) + 1]!;
  if (tableSize < 4 || table + tableSize > end) return false;
  left -= tableSize;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const slot = 4 + i * 2;
    const offset = slot < vtableSize ? halves[(vtable + slot) >> 1]! : 0;
    if (offset === 0) {
      if (part === Part.requiredText) return false;
    } else if (part < Part.text) {
      if (offset < 4 || offset + part > tableSize) return false;
    } else if (offset < 4 || offset + 4 > tableSize || (offset & 3) !== 0) {
      return false;
    } else if (part === Part.entries ? !entriesPass(table + offset) : !textPasses(table + offset)) {
      return false;
    }
  }
  return left >= 0;
}

/** Where the table's vtable stands, whole; 0: it does not. */
function vtableOf(table: number): number {
  const vtable = table - words[table >> 2]!;
  if (vtable < begin || vtable + 4 > end || (vtable & 1) !== 0) return 0;
  const size = halves[vtable >> 1]!;
  return size >= 4 && (size & 1) === 0 && vtable + size <= end ? vtable : 0;
}

/** @param at of the offset that leads to it */
function textPasses(at: number): boolean {
  const text = led(at);
  if (text === 0) return false;
  const length = words[text >> 2]!;
  left -= 4 + length;
  return length >= 0 && text + 4 + length <= end;
}

/** Entries of one shape share a vtable, which is read once. */
function entriesPass(at: number): boolean {
  const vector = led(at);
  if (vector === 0) return false;
  const count = words[vector >> 2]!;
  if (count < 0 || vector + 4 + count * 4 > end) return false;
  let amount = 4 + count * 4;
  let known = 0;
  let tableSize = 0;
  let name = 0;
  let value = 0;
  for (let slot = vector + 4, last = slot + count * 4; slot < last; slot += 4) {
    const table = slot + words[slot >> 2]!;
    if (table <= slot || table + 4 > end || (table & 3) !== 0) return false;
    if (table - words[table >> 2]! !== known) {
      known = vtableOf(table);
      if (known === 0) return false;
      const size = halves[known >> 1]!;
      tableSize = halves[(known >> 1) + 1]!;
      name = size > 4 ? halves[(known + 4) >> 1]! : 0;
      value = size > 6 ? halves[(known + 6) >> 1]! : 0;
      if (name < 4 || name + 4 > tableSize || (name & 3) !== 0) return false;
      if (value !== 0 && (value < 4 || value + 4 > tableSize || (value & 3) !== 0)) return false;
    }
    if (table + tableSize > end) return false;
    const nameAt = led(table + name);
    if (nameAt === 0) return false;
    const nameLength = words[nameAt >> 2]!;
    if (nameLength < 0 || nameAt + 4 + nameLength > end) return false;
    amount += tableSize + 4 + nameLength;
    if (value === 0) continue;
    const valueAt = led(table + value);
    if (valueAt === 0) return false;
    const valueLength = words[valueAt >> 2]!;
    if (valueLength < 0 || valueAt + 4 + valueLength > end) return false;
    amount += 4 + valueLength;
  }
  left -= amount;
  return left >= 0;
}
