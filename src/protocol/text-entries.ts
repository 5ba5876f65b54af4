/**
 * A vector of TextEntry as it lies in a verified payload: nothing is decoded until it is asked for.
 *
 * The generated accessors cost a ByteBuffer and an object an entry; headers and arguments are read
 * on every call, so these few reads go to the bytes directly.
 */
import type {} from "./buffer-slices.d.ts";
import { knownName } from "./known-names.ts";
import { fieldAt, follow, readUint32 } from "./read.ts";

/** A name or value on its way to the wire: text, or bytes that are passed on as they came. */
export type WireText = string | Uint8Array;

/** An entry to send. A value of `undefined` is left out, which in a rewrite means "delete". */
export interface WireEntry {
  readonly name: WireText;
  readonly value: WireText | undefined;
}

/** An entry that is passed on as it came: a writer takes its bytes from where they lie. */
export class ReceivedEntry implements WireEntry {
  /** What it lies in. */
  readonly bytes: Buffer;
  /** Where in them the name stands: its length, then itself. */
  readonly nameAt: number;
  /** Where the value stands likewise; 0: it has none. */
  readonly valueAt: number;
  readonly #nameLength: number;

  constructor(
    readonly entries: TextEntries,
    readonly index: number,
  ) {
    this.bytes = entries.bytes;
    this.nameAt = entries.nameAt(index);
    this.valueAt = entries.valueAt(index);
    this.#nameLength = readUint32(this.bytes, this.nameAt);
  }

  get name(): Uint8Array {
    return this.entries.nameBytes(this.index);
  }

  /** One without a value is sent with an empty one. */
  get value(): WireText {
    return this.entries.valueBytes(this.index) ?? "";
  }

  /** @param lowerName ASCII in lower case; the entry's own case does not count */
  isNamed(lowerName: string): boolean {
    return (
      this.#nameLength === lowerName.length && isText(this.bytes, this.nameAt + 4, lowerName, true)
    );
  }
}

export class TextEntries {
  /** The entries of no vector at all. */
  static readonly EMPTY = new TextEntries(Buffer.alloc(0), 0, 0);

  private constructor(
    /** What they lie in. */
    readonly bytes: Buffer,
    private readonly vector: number,
    /** How many entries there are. */
    readonly length: number,
  ) {}

  /** @param at where a verified table's field stands; 0: the table has no such vector */
  static at(bytes: Buffer, at: number): TextEntries {
    if (at === 0) return TextEntries.EMPTY;
    const vector = follow(bytes, at);
    return new TextEntries(bytes, vector + 4, readUint32(bytes, vector));
  }

  /** The name, decoded as UTF-8; bytes that are not UTF-8 become U+FFFD. */
  name(index: number): string {
    const { bytes } = this;
    const start = follow(bytes, this.#field(index, NAME)) + 4;
    const end = start + readUint32(bytes, start - 4);
    return knownName(bytes, start, end) ?? bytes.utf8Slice(start, end);
  }

  /** The value, decoded likewise; `undefined` where the entry has none. */
  value(index: number): string | undefined {
    const at = this.#field(index, VALUE);
    return at === 0 ? undefined : readText(this.bytes, at);
  }

  nameBytes(index: number): Uint8Array {
    return readBytes(this.bytes, this.#field(index, NAME));
  }

  valueBytes(index: number): Uint8Array | undefined {
    const at = this.#field(index, VALUE);
    return at === 0 ? undefined : readBytes(this.bytes, at);
  }

  /**
   * The first entry at or after `from` whose name is `name`, or -1.
   * Compares bytes; ASCII letters of the entry count as their lower case.
   *
   * @param name in lower case where case is not to matter
   */
  indexOf(name: string, from: number, ignoreCase: boolean): number {
    for (let i = from; i < this.length; i++) {
      if (this.#nameIs(i, name, ignoreCase)) return i;
    }
    return -1;
  }

  #nameIs(index: number, name: string, ignoreCase: boolean): boolean {
    const bytes = this.bytes;
    const string = follow(bytes, this.#field(index, NAME));
    const length = readUint32(bytes, string);
    if (length !== name.length) {
      // Beyond ASCII a name has more bytes than characters; where case does not matter it is ASCII.
      return !ignoreCase && length > name.length && this.name(index) === name;
    }
    return isText(bytes, string + 4, name, ignoreCase);
  }

  /** Where in `bytes` the name stands: its length, then its bytes. */
  nameAt(index: number): number {
    return follow(this.bytes, this.#field(index, NAME));
  }

  /** Where the value stands; 0 where the entry has none. */
  valueAt(index: number): number {
    const at = this.#field(index, VALUE);
    return at === 0 ? 0 : follow(this.bytes, at);
  }

  #field(index: number, field: number): number {
    return fieldAt(this.bytes, follow(this.bytes, this.vector + index * 4), field);
  }
}

const NAME = 0;
const VALUE = 1;

/** Whether the bytes at `start` are these characters of ASCII. */
function isText(bytes: Uint8Array, start: number, text: string, ignoreCase: boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    let byte = bytes[start + i]!;
    if (ignoreCase && byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
    if (byte !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** A wire text as a string; bytes that are not UTF-8 become U+FFFD. */
export function decodeText(text: WireText): string {
  if (typeof text === "string") return text;
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString("utf8");
}

/** The string that the offset at `at` leads to, decoded as UTF-8. */
export function readText(bytes: Buffer, at: number): string {
  const start = follow(bytes, at) + 4;
  return bytes.utf8Slice(start, start + readUint32(bytes, start - 4));
}

/** The bytes of the string or byte vector that the offset at `at` leads to: a view, not a copy. */
export function readBytes(bytes: Buffer, at: number): Uint8Array {
  const start = follow(bytes, at) + 4;
  return bytes.subarray(start, start + readUint32(bytes, start - 4));
}
