/**
 * Checks that every offset, vector and string of a payload lies inside it.
 *
 * The JavaScript runtime of FlatBuffers has no verifier and reads past the end as
 * zeroes and NaN, so nothing of a payload is read before it has passed here.
 * Cyclic or deep offsets cannot run away: the depth is the schema's. Parts may be
 * shared, as some builders do with equal strings, but only as far as the whole would
 * still fit into a frame if each stood for itself: otherwise a few kilobytes, a
 * thousand entries that all lead to one long string, would decode to gigabytes.
 */
import { MAX_PAYLOAD_BYTES } from "./frame.ts";
import { fieldAt, follow, readInt32, readUint16, readUint32 } from "./read.ts";

/** Thrown for a payload that is not what its frame type says. The message names the part. */
export class MalformedPayloadError extends Error {
  override readonly name = "MalformedPayloadError";
  /** The message without its numbers: many bad payloads are few lines of a log that counts repeated ones. */
  readonly summary: string;

  constructor(
    message: string,
    { summary = message, ...options }: ErrorOptions & { summary?: string } = {},
  ) {
    super(message, options);
    this.summary = summary;
  }
}

type Shape = "ubyte" | "uint16" | "uint32" | "string" | "bytes" | readonly Field[] | Union;

interface Field {
  readonly name: string;
  readonly shape: Shape;
  readonly required?: boolean;
}

/** One of these tables. Which, the `ubyte` field before it says: 1 is the first, 0 none. */
interface Union {
  readonly union: readonly TableShape[];
}

/** The fields of a table in schema order; a shape that is a list of fields is a vector of such tables. */
export type TableShape = readonly Field[];

const TEXT_ENTRY: TableShape = [
  { name: "name", shape: "string", required: true },
  { name: "value", shape: "string" },
];

export const PREPARE_CONF_REQ: TableShape = [
  { name: "conf", shape: TEXT_ENTRY },
  { name: "key", shape: "string" },
];

export const HTTP_REQ_CALL_REQ: TableShape = [
  { name: "id", shape: "uint32" },
  { name: "src_ip", shape: "bytes" },
  { name: "method", shape: "ubyte" },
  { name: "path", shape: "string", required: true },
  { name: "args", shape: TEXT_ENTRY },
  { name: "headers", shape: TEXT_ENTRY },
  { name: "conf_token", shape: "uint32" },
];

export const HTTP_RESP_CALL_REQ: TableShape = [
  { name: "id", shape: "uint32" },
  { name: "status", shape: "uint16" },
  { name: "headers", shape: TEXT_ENTRY },
  { name: "conf_token", shape: "uint32" },
];

export const EXTRA_INFO_RESP: TableShape = [{ name: "result", shape: "bytes" }];

export const ERR_RESP: TableShape = [{ name: "code", shape: "ubyte" }];

export const PREPARE_CONF_RESP: TableShape = [{ name: "conf_token", shape: "uint32" }];

const STOP: TableShape = [
  { name: "status", shape: "uint16" },
  { name: "headers", shape: TEXT_ENTRY },
  { name: "body", shape: "bytes" },
];

const REWRITE: TableShape = [
  { name: "path", shape: "string" },
  { name: "headers", shape: TEXT_ENTRY },
  { name: "args", shape: TEXT_ENTRY },
  { name: "resp_headers", shape: TEXT_ENTRY },
  { name: "body", shape: "bytes" },
];

export const HTTP_REQ_CALL_RESP: TableShape = [
  { name: "id", shape: "uint32" },
  { name: "action_type", shape: "ubyte" },
  { name: "action", shape: { union: [STOP, REWRITE] } },
];

const VAR: TableShape = [{ name: "name", shape: "string", required: true }];

export const EXTRA_INFO_REQ: TableShape = [
  { name: "info_type", shape: "ubyte" },
  { name: "info", shape: { union: [VAR, [], []] } },
];

export const HTTP_RESP_CALL_RESP: TableShape = [
  { name: "id", shape: "uint32" },
  { name: "status", shape: "uint16" },
  { name: "headers", shape: TEXT_ENTRY },
  { name: "body", shape: "bytes" },
];

/** Bytes that tables, vectors and strings may still amount to. A check is synchronous: there is one at a time. */
let left = 0;

/** Where the payload begins that is checked: nothing of it lies before that. */
let begin = 0;

/**
 * Checks a payload against the table it should hold and returns where that table stands.
 *
 * @param start where the payload begins in `bytes`; it goes to their end
 * @throws MalformedPayloadError naming the part that does not fit
 */
export function verifyTable(bytes: Uint8Array, shape: TableShape, start = 0): number {
  left = MAX_PAYLOAD_BYTES;
  begin = start;
  const size = bytes.length - start;
  if (size < 4) fail("payload", bytes, `has ${size} bytes, too few for a table`);
  const root = follow(bytes, start);
  verifyTableAt(bytes, root, shape, "payload");
  return root;
}

function verifyTableAt(bytes: Uint8Array, table: number, shape: TableShape, path: string): void {
  if (table + 4 > bytes.length) fail(path, bytes, `starts at ${table - begin}`);
  const vtable = table - readInt32(bytes, table);
  if (vtable < begin || vtable + 4 > bytes.length) {
    fail(path, bytes, `has its vtable at ${vtable - begin}`);
  }
  const vtableSize = readUint16(bytes, vtable);
  if (vtableSize < 4 || (vtableSize & 1) !== 0 || vtable + vtableSize > bytes.length) {
    fail(path, bytes, `has a vtable of ${vtableSize} bytes at ${vtable - begin}`);
  }
  const tableSize = readUint16(bytes, vtable + 2);
  if (tableSize < 4 || table + tableSize > bytes.length) {
    fail(path, bytes, `has ${tableSize} bytes at ${table - begin}`);
  }
  left -= tableSize;
  if (left < 0) failAsShared(path, bytes);
  for (let i = 0; i < shape.length; i++) {
    const field = shape[i]!;
    const slot = 4 + i * 2;
    const offset = slot < vtableSize ? readUint16(bytes, vtable + slot) : 0;
    const at = table + offset;
    if (offset === 0) {
      if (field.required || unionType(bytes, table, i, field) !== 0) {
        fail(path, bytes, `lacks its ${field.name}`);
      }
    } else if (offset < 4 || at + inlineSize(field.shape) > table + tableSize) {
      fail(path, bytes, `has its ${field.name} outside of itself`);
    } else if (isUnion(field.shape)) {
      verifyUnion(bytes, at, field.shape, field.name, unionType(bytes, table, i, field));
    } else {
      verifyValue(bytes, at, field.name, field.shape);
    }
  }
}

function verifyUnion(
  bytes: Uint8Array,
  at: number,
  { union }: Union,
  name: string,
  type: number,
): void {
  if (type === 0) return;
  const shape = union[type - 1];
  if (shape === undefined)
    fail(name, bytes, `has type ${type}, which is none of 0 to ${union.length}`);
  verifyTableAt(bytes, follow(bytes, at), shape, name);
}

/** What the field before a union's says; 0 for any other field. That field has been checked by then. */
function unionType(bytes: Uint8Array, table: number, index: number, { shape }: Field): number {
  if (!isUnion(shape)) return 0;
  const at = fieldAt(bytes, table, index - 1);
  return at === 0 ? 0 : bytes[at]!;
}

function isUnion(shape: Shape): shape is Union {
  return typeof shape === "object" && !Array.isArray(shape);
}

function verifyValue(
  bytes: Uint8Array,
  at: number,
  name: string,
  shape: Exclude<Shape, Union>,
): void {
  if (shape === "ubyte" || shape === "uint16" || shape === "uint32") return;
  const vector = follow(bytes, at);
  if (vector + 4 > bytes.length) fail(name, bytes, `starts at ${vector - begin}`);
  const count = readUint32(bytes, vector);
  const elementSize = shape === "string" || shape === "bytes" ? 1 : 4;
  if (vector + 4 + count * elementSize > bytes.length) {
    fail(name, bytes, `has ${count} elements at ${vector - begin}`);
  }
  left -= 4 + count * elementSize;
  if (left < 0) failAsShared(name, bytes);
  if (typeof shape === "string") return;
  if (shape === TEXT_ENTRY) {
    verifyEntries(bytes, vector + 4, count, name);
    return;
  }
  for (let i = 0; i < count; i++) {
    verifyTableAt(bytes, follow(bytes, vector + 4 + i * 4), shape, name);
  }
}

/**
 * Does what {@link verifyTableAt} does for each entry, in a quarter of the time: headers and arguments are
 * most of a call, and builders give entries of the same shape one vtable, which has to be read only once.
 * An entry that does not pass here is looked at again by the other, which finds the words for it.
 */
function verifyEntries(bytes: Uint8Array, offsets: number, count: number, path: string): void {
  const { length } = bytes;
  let remaining = left;
  let known = -1;
  let tableSize = 0;
  let name = 0;
  let value = 0;
  for (let i = 0; i < count; i++) {
    const table = follow(bytes, offsets + i * 4);
    const vtable = table + 4 > length ? -1 : table - readInt32(bytes, table);
    if (vtable !== known || vtable === -1) {
      left = remaining;
      verifyTableAt(bytes, table, TEXT_ENTRY, path);
      remaining = left;
      known = vtable;
      tableSize = readUint16(bytes, vtable + 2);
      name = fieldAt(bytes, table, 0) - table;
      const valueAt = fieldAt(bytes, table, 1);
      value = valueAt === 0 ? 0 : valueAt - table;
      continue;
    }
    const nameSize = table + tableSize > length ? -1 : sizeOfString(bytes, table + name);
    const valueSize = nameSize < 0 || value === 0 ? 0 : sizeOfString(bytes, table + value);
    const size = tableSize + nameSize + valueSize;
    if (nameSize < 0 || valueSize < 0 || size > remaining) {
      left = remaining;
      verifyTableAt(bytes, table, TEXT_ENTRY, path);
    }
    remaining -= size;
  }
  left = remaining;
}

/** Bytes of the string that the offset at `at` leads to, with its length; -1 where it is not inside. */
function sizeOfString(bytes: Uint8Array, at: number): number {
  const string = follow(bytes, at);
  if (string + 4 > bytes.length) return -1;
  const size = 4 + readUint32(bytes, string);
  return string + size > bytes.length ? -1 : size;
}

function inlineSize(shape: Shape): number {
  return shape === "ubyte" ? 1 : shape === "uint16" ? 2 : 4;
}

function failAsShared(path: string, bytes: Uint8Array): never {
  fail(path, bytes, `shares its parts so often that they come to over ${MAX_PAYLOAD_BYTES} bytes`);
}

function fail(path: string, bytes: Uint8Array, what: string): never {
  throw new MalformedPayloadError(
    `${path} ${what}; the payload has ${bytes.length - begin} bytes`,
    {
      summary: `${path} ${what.replace(/-?\d+/g, "…")}`,
    },
  );
}
