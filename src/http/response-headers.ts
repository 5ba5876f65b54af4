/** A response's headers: an ordered list in which names may repeat. */
import { ReceivedEntry, TextEntries, type WireEntry } from "../protocol/text-entries.ts";
import { ProtocolLimitError } from "./errors.ts";
import { HeaderFields, type HeaderField, type HeadersSource, pairsOf } from "./header-fields.ts";
import {
  checkHeaderName,
  checkHeaderValue,
  checkNotFraming,
  FRAMING,
  isFraming,
} from "./header-rules.ts";

/** A field that a plugin has set. */
interface SetField {
  readonly lower: string;
  readonly name: string;
  readonly value: string;
}

/** One of the upstream's is compared and passed on as bytes: nothing of it is decoded before it is read. */
type Field = ReceivedEntry | SetField;

/**
 * The shape of the web's `Headers`, for the upstream's response, for a stop's, and for
 * `responseHeaders`. Fields of the upstream that no plugin changes are passed on byte for byte.
 */
export class ResponseHeaders extends HeaderFields {
  #fields: Field[] | undefined;
  #revision = 0;

  readonly #base: TextEntries;

  /** @internal */
  constructor(base: TextEntries = TextEntries.EMPTY) {
    super();
    this.#base = base;
  }

  get(name: string): string | null {
    const lower = checkHeaderName(name);
    let joined: string | null = null;
    for (const field of this.#list()) {
      if (!isNamed(field, lower)) continue;
      joined = joined === null ? valueOf(field) : `${joined}, ${valueOf(field)}`;
    }
    return joined;
  }

  has(name: string): boolean {
    const lower = checkHeaderName(name);
    return this.#indexOf(lower) !== -1;
  }

  /** @throws ProtocolLimitError for what cannot be sent: content-length, a value with CR or LF … */
  set(name: string, value: string): void {
    const field = this.check(name, value);
    this.#revision++;
    const list = this.#list();
    const first = this.#indexOf(field.lower);
    if (first === -1) {
      list.push(field);
    } else {
      list[first] = field;
      this.#fields = list.filter((other, i) => i <= first || !isNamed(other, field.lower));
    }
  }

  append(name: string, value: string): void {
    this.#list().push(this.check(name, value));
    this.#revision++;
  }

  delete(name: string): void {
    const lower = checkHeaderName(name);
    const list = this.#list();
    const left = list.filter((field) => !isNamed(field, lower));
    if (left.length < list.length) this.#revision++;
    this.#fields = left;
  }

  /**
   * @param lowerNames in lower case
   * @internal
   */
  deleteAll(lowerNames: readonly string[]): void {
    this.#fields = this.#list().filter((field) => !isOneOf(field, lowerNames));
  }

  getSetCookie(): string[] {
    return this.#list()
      .filter((field) => isNamed(field, "set-cookie"))
      .map(valueOf);
  }

  /** Makes these the headers, in the source's order; what frames a message is left out. */
  replaceWith(source: HeadersSource): void {
    this.#fields = isConstant(source) ? [...this.#checkedOnce(source)] : this.#checked(source);
    this.#revision++;
  }

  #checked(source: HeadersSource): SetField[] {
    const fields: SetField[] = [];
    for (const [name, value] of pairsOf(source)) {
      if (!isFraming(name.toLowerCase())) fields.push(this.check(name, value));
    }
    return fields;
  }

  /** Mostly the headers of a conf, which are the same with each call. */
  #checkedOnce(source: object & HeadersSource): readonly SetField[] {
    // Headers that are added in the request phase are checked for more.
    if (this.constructor !== ResponseHeaders) return this.#checked(source);
    let fields = checkedConstants.get(source);
    if (fields === undefined) {
      fields = this.#checked(source);
      checkedConstants.set(source, fields);
    }
    return fields;
  }

  /** Rises with every change that a plugin makes. @internal */
  get revision(): number {
    return this.#revision;
  }

  /** @internal */
  copy(): this {
    // Of the same class: headers that are added in the request phase have rules of their own.
    const copy: this = Reflect.construct(this.constructor, [this.#base]);
    copy.#fields = this.#fields && [...this.#fields];
    return copy;
  }

  /** The complete list to send: without what frames a message, which the gateway does itself. */
  toWire(include?: (lowerName: string) => boolean): readonly WireEntry[] {
    const list = this.#list();
    if (include === undefined && this.#base.length === 0) return list;
    return list.filter(
      (field) =>
        // What a plugin sets has been checked.
        !(field instanceof ReceivedEntry && isOneOf(field, FRAMING)) &&
        (include === undefined || include(lowerNameOf(field))),
    );
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
    return this.#list().map((field) => [lowerNameOf(field), valueOf(field)]);
  }

  /** @throws ProtocolLimitError */
  protected check(name: string, value: string): SetField {
    const lower = checkHeaderName(name);
    checkNotFraming(lower);
    return { lower, name, value: checkHeaderValue(name, value) };
  }

  #indexOf(lowerName: string): number {
    const list = this.#list();
    for (let i = 0; i < list.length; i++) if (isNamed(list[i]!, lowerName)) return i;
    return -1;
  }

  #list(): Field[] {
    if (this.#fields !== undefined) return this.#fields;
    const fields: Field[] = [];
    for (let i = 0; i < this.#base.length; i++) fields.push(new ReceivedEntry(this.#base, i));
    this.#fields = fields;
    return fields;
  }
}

/** Fields of frozen objects: none of both ever changes. */
const checkedConstants = new WeakMap<object, readonly SetField[]>();

/** A frozen object of strings, as a conf is made of: what it says now it will always say. */
function isConstant(source: HeadersSource): source is Readonly<Record<string, string>> {
  if (checkedConstants.has(source)) return true;
  if (!Object.isFrozen(source) || Object.getPrototypeOf(source) !== Object.prototype) return false;
  return Object.values(Object.getOwnPropertyDescriptors(source)).every(
    ({ value }) => typeof value === "string",
  );
}

function isNamed(field: Field, lowerName: string): boolean {
  return field instanceof ReceivedEntry ? field.isNamed(lowerName) : field.lower === lowerName;
}

function isOneOf(field: Field, lowerNames: readonly string[]): boolean {
  for (let i = 0; i < lowerNames.length; i++) if (isNamed(field, lowerNames[i]!)) return true;
  return false;
}

function lowerNameOf(field: Field): string {
  return field instanceof ReceivedEntry
    ? field.entries.name(field.index).toLowerCase()
    : field.lower;
}

function valueOf(field: Field): string {
  return field instanceof ReceivedEntry ? (field.entries.value(field.index) ?? "") : field.value;
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
  protected override check(name: string, value: string): SetField {
    const entry = super.check(name, value);
    if (isUpstreamOnly(entry.lower)) {
      throw new ProtocolLimitError(
        `${entry.lower} cannot be added to the upstream's response in the request phase: APISIX ignores it there; set it in the response phase (ext-plugin-post-resp)`,
      );
    }
    return entry;
  }
}
