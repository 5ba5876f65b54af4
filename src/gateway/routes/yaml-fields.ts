/** Reads a YAML document field by field: each mistake and each field that nobody reads is noted with its line. */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from "yaml";

/** A mistake, or something that is not known here. */
export interface RouteFileNote {
  /** Counts from 1. */
  readonly line: number;
  /** Where in the file: `routes[0].upstream`. */
  readonly place: string;
  readonly message: string;
}

export class Notes {
  readonly problems: RouteFileNote[] = [];
  readonly warnings: RouteFileNote[] = [];

  constructor(
    readonly document: Document,
    private readonly lines: LineCounter,
  ) {}

  line(node: Node | undefined): number {
    return node?.range ? this.lines.linePos(node.range[0]).line : 1;
  }
}

/** A value of the file at its place. */
export class Value {
  private constructor(
    private readonly notes: Notes,
    private readonly node: Node,
    readonly place: string,
    private readonly lineNode: Node,
  ) {}

  static of(notes: Notes, node: unknown, place: string, key?: unknown): Value | undefined {
    const at = isAlias(node) ? node.resolve(notes.document) : node;
    if (!isMap(at) && !isSeq(at) && !isScalar(at)) return undefined;
    if (isScalar(at) && at.value === null) return undefined;
    return new Value(notes, at, place, isScalar(key) ? key : at);
  }

  /** Notes a mistake here: the file is not taken. */
  problem(message: string): undefined {
    this.notes.problems.push({ line: this.notes.line(this.lineNode), place: this.place, message });
  }

  /** Notes something here that is not followed. */
  warn(message: string): void {
    this.notes.warnings.push({ line: this.notes.line(this.lineNode), place: this.place, message });
  }

  /** The value as JavaScript has it. */
  get plain(): unknown {
    const plain: unknown = this.node.toJS(this.notes.document);
    return plain;
  }

  string(): string | undefined {
    const { plain } = this;
    if (typeof plain === "string") return plain;
    return this.problem(`must be a string, not ${described(plain)}`);
  }

  /** A string, or a number that is written as one. */
  id(): string | undefined {
    const { plain } = this;
    return typeof plain === "number" ? String(plain) : this.string();
  }

  number(): number | undefined {
    const { plain } = this;
    if (typeof plain === "number") return plain;
    return this.problem(`must be a number, not ${described(plain)}`);
  }

  boolean(): boolean | undefined {
    const { plain } = this;
    if (typeof plain === "boolean") return plain;
    return this.problem(`must be true or false, not ${described(plain)}`);
  }

  oneOf<Choice extends string>(choices: readonly Choice[]): Choice | undefined {
    const { plain } = this;
    const found = choices.find((choice) => choice === plain);
    return found ?? this.problem(`must be one of ${choices.join(", ")}, not ${described(plain)}`);
  }

  list(): Value[] | undefined {
    if (!isSeq(this.node)) return this.problem(`must be a list, not ${described(this.plain)}`);
    return this.node.items.flatMap(
      (item, i) => Value.of(this.notes, item, `${this.place}[${i}]`) ?? [],
    );
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  /** The fields of a map. */
  map(): Fields | undefined {
    if (!isMap(this.node)) return this.problem(`must be a map, not ${described(this.plain)}`);
    const values = new Map<string, Value>();
    for (const { key, value } of this.node.items) {
      const name = String(isScalar(key) ? key.value : key);
      const place = this.place === "" ? name : `${this.place}.${name}`;
      const found = Value.of(this.notes, value, place, key);
      if (found) values.set(name, found);
    }
    return new Fields(this, values);
  }
}

/** The fields of one map, each read at most once. */
export class Fields {
  readonly #unread: Set<string>;

  constructor(
    /** The map itself. */
    readonly value: Value,
    private readonly values: ReadonlyMap<string, Value>,
  ) {
    this.#unread = new Set(values.keys());
  }

  get(name: string): Value | undefined {
    this.#unread.delete(name);
    return this.values.get(name);
  }

  /** All of them, in the file's order. */
  all(): [name: string, value: Value][] {
    this.#unread.clear();
    return [...this.values];
  }

  /** Nothing is to be said of these. */
  ignore(...names: string[]): void {
    for (const name of names) this.#unread.delete(name);
  }

  /** Warns of every field that has not been read. */
  warnOfRest(): void {
    for (const name of this.#unread) {
      this.values.get(name)?.warn("is not known to the development gateway: it has no effect here");
    }
  }
}

function described(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? `the string ${JSON.stringify(value)}` : String(value);
}
