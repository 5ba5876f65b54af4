/** A request's headers: what APISIX sent, with a plugin's changes laid over it. */
import type { TextEntries, WireEntry } from "../protocol/text-entries.ts";
import { EntryLookup } from "./entry-lookup.ts";
import { ProtocolLimitError } from "./errors.ts";
import {
  HeaderFields,
  type HeaderField,
  type HeadersSource,
  joinValues,
  pairsOf,
} from "./header-fields.ts";
import { checkHeaderName, checkHeaderValue, checkNotFraming, isFraming } from "./header-rules.ts";

/** APISIX shows a runner no more headers; those beyond go to the upstream all the same. */
const MAX_SEEN = 100;

/**
 * The shape of the web's `Headers`. The protocol keeps one value a name, so `append` joins with
 * `, ` (cookies with `; `). `host` is the upstream's host: set it to change that, never delete it.
 */
export class RequestHeaders extends HeaderFields {
  /** By name in lower case; null: deleted. */
  #changes: Map<string, string | null> | undefined;
  #revision = 0;

  readonly #base: TextEntries;
  readonly #lookup: EntryLookup;

  /** @internal */
  constructor(base: TextEntries) {
    super();
    this.#base = base;
    this.#lookup = new EntryLookup(base, true);
  }

  get(name: string): string | null {
    const lower = checkHeaderName(name);
    const change = this.#changes?.get(lower);
    if (change !== undefined) return change;
    let joined: string | null = null;
    for (let i = this.#lookup.first(lower); i !== -1; i = this.#lookup.after(i, lower)) {
      const value = this.#base.value(i) ?? "";
      joined = joined === null ? value : joinValues(lower, joined, value);
    }
    return joined;
  }

  has(name: string): boolean {
    const lower = checkHeaderName(name);
    const change = this.#changes?.get(lower);
    return change === undefined ? this.#lookup.first(lower) !== -1 : change !== null;
  }

  /** @throws ProtocolLimitError for what cannot be sent: content-length, a value with CR or LF … */
  set(name: string, value: string): void {
    const lower = checkHeaderName(name);
    checkNotFraming(lower);
    this.#change(lower, checkHeaderValue(name, value));
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : joinValues(name.toLowerCase(), before, value));
  }

  /** @throws ProtocolLimitError for `host`, without which APISIX cannot proxy, and for framing */
  delete(name: string): void {
    const lower = checkHeaderName(name);
    checkNotFraming(lower);
    if (lower === "host") {
      throw new ProtocolLimitError(
        "host cannot be deleted: APISIX needs it; set it to another one",
      );
    }
    const mayBeUnseen = this.#base.length >= MAX_SEEN;
    if (mayBeUnseen || this.has(lower)) this.#change(lower, null);
  }

  /** Requests have no `set-cookie`; here for the shape's sake. */
  getSetCookie(): string[] {
    const value = this.get("set-cookie");
    return value === null ? [] : [value];
  }

  /**
   * Makes these the headers. `host` and what frames the message stay as they are where the source
   * lacks them; framing in the source is left out.
   */
  replaceWith(source: HeadersSource): void {
    const wanted = new Map<string, string>();
    for (const [name, value] of pairsOf(source)) {
      const lower = checkHeaderName(name);
      if (isFraming(lower)) continue;
      const text = checkHeaderValue(name, value);
      const before = wanted.get(lower);
      wanted.set(lower, before === undefined ? text : joinValues(lower, before, text));
    }
    for (const [name] of this.fields()) {
      if (!wanted.has(name) && name !== "host" && !isFraming(name)) this.#change(name, null);
    }
    for (const [name, value] of wanted) if (this.get(name) !== value) this.#change(name, value);
  }

  /** Rises with every change that a plugin makes. @internal */
  get revision(): number {
    return this.#revision;
  }

  /** @internal */
  copy(): RequestHeaders {
    const copy = new RequestHeaders(this.#base);
    copy.#changes = this.#changes && new Map(this.#changes);
    return copy;
  }

  /** What changed, ready for a rewrite. @internal */
  changes(): WireEntry[] {
    const changes: WireEntry[] = [];
    if (this.#changes === undefined) return changes;
    for (const [name, value] of this.#changes) changes.push({ name, value: value ?? undefined });
    return changes;
  }

  protected fields(): HeaderField[] {
    const base = this.#base;
    const changes = this.#changes;
    const fields: HeaderField[] = [];
    for (let i = 0; i < base.length; i++) {
      const name = base.name(i).toLowerCase();
      if (changes === undefined || !changes.has(name)) fields.push([name, base.value(i) ?? ""]);
    }
    if (changes === undefined) return fields;
    for (const [name, value] of changes) if (value !== null) fields.push([name, value]);
    return fields;
  }

  #change(lowerName: string, value: string | null): void {
    this.#revision++;
    this.#changes ??= new Map();
    this.#changes.set(lowerName, value);
  }
}
