/** A request's arguments: what APISIX sent, with a plugin's changes laid over it. */
import {
  decodeText,
  type TextEntries,
  type WireEntry,
  type WireText,
} from "../protocol/text-entries.ts";
import { EntryLookup } from "./entry-lookup.ts";
import { ProtocolLimitError } from "./errors.ts";

/** Anything that arguments can be assigned from. */
export type ArgsSource =
  string | Iterable<readonly [string, string]> | Readonly<Record<string, string>>;

/**
 * The shape of `URLSearchParams`. An argument without a value (`?a`) reads as `""`, as the web
 * does; `isBare` tells it from an empty one (`?a=`). The order is not the client's: APISIX keeps none.
 */
export class RequestArgs implements Iterable<[string, string]> {
  /** All values of a name, by name; empty: deleted. */
  #changes: Map<string, WireText[]> | undefined;
  #revision = 0;

  readonly #base: TextEntries;
  readonly #lookup: EntryLookup;

  /** @internal */
  constructor(base: TextEntries) {
    this.#base = base;
    this.#lookup = new EntryLookup(base, false);
  }

  get(name: string): string | null {
    const change = this.#changes?.get(name);
    if (change !== undefined) return change.length === 0 ? null : decodeText(change[0] ?? "");
    const index = this.#lookup.first(name);
    return index === -1 ? null : (this.#base.value(index) ?? "");
  }

  getAll(name: string): string[] {
    return this.#values(name).map(decodeText);
  }

  has(name: string, value?: string): boolean {
    if (value !== undefined) return this.getAll(name).includes(value);
    const change = this.#changes?.get(name);
    return change === undefined ? this.#lookup.first(name) !== -1 : change.length > 0;
  }

  /** Whether the client sent the argument without a value: `?a`, not `?a=`. Only ever true of unchanged ones. */
  isBare(name: string): boolean {
    if (this.#changes?.has(name)) return false;
    const index = this.#lookup.first(name);
    return index !== -1 && this.#base.value(index) === undefined;
  }

  set(name: string, value: string): void {
    this.#change(name, [String(value)]);
  }

  append(name: string, value: string): void {
    const change = this.#changes?.get(name);
    this.#revision++;
    if (change !== undefined) change.push(String(value));
    else this.#change(name, [...this.#values(name), String(value)]);
  }

  delete(name: string, value?: string): void {
    if (!this.has(name, value)) return;
    const left =
      value === undefined ? [] : this.#values(name).filter((one) => decodeText(one) !== value);
    this.#change(name, left);
  }

  /** How many values there are in all. */
  get size(): number {
    return this.#all().length;
  }

  /** Those there are now: what a loop over them adds is not part of it. */
  entries(): IterableIterator<[string, string]> {
    return this.#all().values();
  }

  #all(): [string, string][] {
    const all: [string, string][] = [];
    for (let i = 0; i < this.#base.length; i++) {
      const name = this.#base.name(i);
      if (!this.#changes?.has(name)) all.push([name, this.#base.value(i) ?? ""]);
    }
    for (const [name, values] of this.#changes ?? [])
      for (const value of values) all.push([name, decodeText(value)]);
    return all;
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  forEach(callback: (value: string, name: string, parent: this) => void, thisArg?: unknown): void {
    for (const [name, value] of this.entries()) callback.call(thisArg, value, name, this);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** A query string without the `?`, encoded as `URLSearchParams` does. */
  toString(): string {
    return new URLSearchParams(this.#all()).toString();
  }

  toJSON(): [string, string][] {
    return this.#all();
  }

  /** Makes these the arguments; those that the source lacks are deleted. */
  replaceWith(source: ArgsSource): void {
    const wanted = new Map<string, string[]>();
    for (const [name, value] of new URLSearchParams(plain(source))) {
      const values = wanted.get(name);
      if (values === undefined) wanted.set(name, [value]);
      else values.push(value);
    }
    for (const name of new Set(this.keys())) if (!wanted.has(name)) this.#change(name, []);
    for (const [name, values] of wanted) this.#change(name, values);
  }

  /** Rises with every change that a plugin makes. @internal */
  get revision(): number {
    return this.#revision;
  }

  /** @internal */
  copy(): RequestArgs {
    const copy = new RequestArgs(this.#base);
    const changes = this.#changes ?? [];
    for (const [name, values] of changes) copy.#change(name, [...values]);
    return copy;
  }

  /** What changed, ready for a rewrite: all values of a name, or one entry without a value to delete it. @internal */
  changes(): WireEntry[] {
    const changes: WireEntry[] = [];
    if (this.#changes === undefined) return changes;
    for (const [name, values] of this.#changes) {
      if (values.length === 0) changes.push({ name, value: undefined });
      for (const value of values) changes.push({ name, value });
    }
    return changes;
  }

  /** The values of a name; those that came with the request as their own bytes, so that they stay what they were. */
  #values(name: string): WireText[] {
    const change = this.#changes?.get(name);
    if (change !== undefined) return change;
    const values: WireText[] = [];
    for (let i = this.#lookup.first(name); i !== -1; i = this.#lookup.after(i, name)) {
      values.push(this.#base.valueBytes(i) ?? "");
    }
    return values;
  }

  /** @throws ProtocolLimitError for an empty name */
  #change(name: string, values: WireText[]): void {
    if (name === "") {
      throw new ProtocolLimitError(
        "an argument needs a name: APISIX drops those with an empty one",
      );
    }
    this.#revision++;
    this.#changes ??= new Map();
    this.#changes.set(name, values);
  }
}

function plain(source: ArgsSource): string | [string, string][] {
  if (typeof source === "string") return source;
  if (Symbol.iterator in source)
    return Array.from(source as Iterable<readonly [string, string]>, ([n, v]) => [n, v]);
  return Object.entries(source);
}
