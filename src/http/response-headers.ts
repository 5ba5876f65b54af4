/** A response's headers: an ordered list in which names may repeat. */
import {
  decodeText,
  TextEntries,
  type WireEntry,
  type WireText,
} from "../protocol/text-entries.ts";
import { ProtocolLimitError } from "./errors.ts";
import { HeaderFields, type HeaderField, type HeadersSource, pairsOf } from "./header-fields.ts";
import { checkHeaderName, checkHeaderValue, checkNotFraming, isFraming } from "./header-rules.ts";

interface Entry {
  readonly lower: string;
  readonly name: WireText;
  readonly value: WireText;
}

/**
 * The shape of the web's `Headers`, for the upstream's response, for a stop's, and for
 * `responseHeaders`. Fields of the upstream that no plugin changes are passed on byte for byte.
 */
export class ResponseHeaders extends HeaderFields {
  #entries: Entry[] | undefined;

  readonly #base: TextEntries;

  /** @internal */
  constructor(base: TextEntries = TextEntries.EMPTY) {
    super();
    this.#base = base;
  }

  get(name: string): string | null {
    const lower = checkHeaderName(name);
    const values = this.#list()
      .filter((entry) => entry.lower === lower)
      .map((entry) => decodeText(entry.value));
    return values.length === 0 ? null : values.join(", ");
  }

  has(name: string): boolean {
    const lower = checkHeaderName(name);
    return this.#list().some((entry) => entry.lower === lower);
  }

  /** @throws ProtocolLimitError for what cannot be sent: content-length, a value with CR or LF … */
  set(name: string, value: string): void {
    const entry = this.check(name, value);
    const list = this.#list();
    const first = list.findIndex(({ lower }) => lower === entry.lower);
    if (first === -1) {
      list.push(entry);
    } else {
      list[first] = entry;
      this.#entries = list.filter(({ lower }, i) => i <= first || lower !== entry.lower);
    }
  }

  append(name: string, value: string): void {
    this.#list().push(this.check(name, value));
  }

  delete(name: string): void {
    const lower = checkHeaderName(name);
    this.#entries = this.#list().filter((entry) => entry.lower !== lower);
  }

  /**
   * @param lowerNames in lower case
   * @internal
   */
  deleteAll(lowerNames: ReadonlySet<string>): void {
    const list = this.#list();
    if (list.some(({ lower }) => lowerNames.has(lower))) {
      this.#entries = list.filter(({ lower }) => !lowerNames.has(lower));
    }
  }

  getSetCookie(): string[] {
    return this.#list()
      .filter(({ lower }) => lower === "set-cookie")
      .map(({ value }) => decodeText(value));
  }

  /** Makes these the headers, in the source's order; what frames a message is left out. */
  replaceWith(source: HeadersSource): void {
    const entries: Entry[] = [];
    for (const [name, value] of pairsOf(source)) {
      if (!isFraming(name.toLowerCase())) entries.push(this.check(name, value));
    }
    this.#entries = entries;
  }

  /** @internal */
  copy(): this {
    // Of the same class: headers that are added in the request phase have rules of their own.
    const copy: this = Reflect.construct(this.constructor, [this.#base]);
    copy.#entries = this.#entries && [...this.#entries];
    return copy;
  }

  /** The complete list to send: without what frames a message, which the gateway does itself. */
  toWire(include: (lowerName: string) => boolean = () => true): WireEntry[] {
    return this.#list().filter(({ lower }) => !isFraming(lower) && include(lower));
  }

  get isEmpty(): boolean {
    return this.#list().length === 0;
  }

  /**
   * Whether APISIX, given an empty list, would keep headers of the upstream. It drops framing and
   * what it takes from an upstream alone, and keeps the rest.
   * @internal
   */
  get emptyWouldKeepSome(): boolean {
    for (let i = 0; i < this.#base.length; i++) {
      const lower = this.#base.name(i).toLowerCase();
      if (!isFraming(lower) && !isUpstreamOnly(lower)) return true;
    }
    return false;
  }

  protected fields(): HeaderField[] {
    return this.#list().map(({ lower, value }) => [lower, decodeText(value)]);
  }

  /** @throws ProtocolLimitError */
  protected check(name: string, value: string): Entry {
    const lower = checkHeaderName(name);
    checkNotFraming(lower);
    return { lower, name, value: checkHeaderValue(name, value) };
  }

  #list(): Entry[] {
    if (this.#entries !== undefined) return this.#entries;
    const entries: Entry[] = [];
    for (let i = 0; i < this.#base.length; i++) {
      entries.push({
        lower: this.#base.name(i).toLowerCase(),
        name: this.#base.nameBytes(i),
        value: this.#base.valueBytes(i) ?? "",
      });
    }
    this.#entries = entries;
    return entries;
  }
}

/** APISIX takes these from the upstream alone (`ext-plugin` leaves them out of a rewrite's `resp_headers`). */
const UPSTREAM_ONLY = new Set([
  "location",
  "server",
  "www-authenticate",
  "content-encoding",
  "content-type",
  "content-location",
  "content-language",
]);

/** Whether a request-phase plugin cannot give this header to the upstream's response. */
export function isUpstreamOnly(lowerName: string): boolean {
  return UPSTREAM_ONLY.has(lowerName);
}

/**
 * Headers that a request-phase plugin adds to whatever response comes: the upstream's, or that of
 * a later plugin's stop. They are added beside the upstream's, they replace none of them.
 */
export class AddedResponseHeaders extends ResponseHeaders {
  protected override check(name: string, value: string): Entry {
    const entry = super.check(name, value);
    if (isUpstreamOnly(entry.lower)) {
      throw new ProtocolLimitError(
        `${entry.lower} cannot be added to the upstream's response in the request phase: APISIX ignores it there; set it in the response phase (ext-plugin-post-resp)`,
      );
    }
    return entry;
  }
}
