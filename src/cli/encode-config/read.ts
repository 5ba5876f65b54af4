/** Reads YAML 1.2, and with it JSON. What would be lost or is likely meant otherwise is said, with its place. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  Scalar,
} from "yaml";
import { jsonNumber } from "./digits.ts";
import { compact, type Json, quoted } from "./json.ts";
import { keyTrap, valueTrap } from "./traps.ts";

export interface Note {
  /** Count from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Read {
  /** Undefined where there is a problem. */
  readonly json: Json | undefined;
  readonly problems: readonly Note[];
  readonly warnings: readonly Note[];
}

/** No conf can be longer: a frame of the protocol carries no more. */
const MAX_BYTES = 2 ** 24 - 1;
/** Most errors of the syntax are consequences of the first. */
const MAX_SYNTAX_ERRORS = 3;
/** Nobody writes confs this deep, and the stack ends somewhere. */
const MAX_DEPTH = 500;

export function read(text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const reader = new Reader(document, lines);
  const json = reader.read();
  const { problems, warnings } = reader;
  return { json: problems.length > 0 ? undefined : json, problems, warnings };
}

const NOTHING: Json = { kind: "literal", text: "null" };

class Reader {
  readonly problems: Note[] = [];
  readonly warnings: Note[] = [];
  /** The maps and lists around the present node. */
  readonly #around = new Set<unknown>();
  /** About what JSON has for it: aliases make much of little. */
  #bytes = 0;
  /** Each alias is looked up once, however often it is met: that goes through the whole document. */
  readonly #targets = new Map<Alias, unknown>();

  constructor(
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
  ) {}

  read(): Json {
    const { errors, contents } = this.document;
    for (const { pos, message, code } of errors.slice(0, MAX_SYNTAX_ERRORS)) {
      this.#note(this.problems, pos[0], PLAINER.get(code) ?? lower(message));
    }
    const isEmpty =
      contents === null ||
      (isScalar(contents) && contents.source === "" && contents.type === Scalar.PLAIN);
    if (errors.length === 0 && isEmpty) this.#note(this.problems, 0, "there is no conf in it");
    return this.problems.length > 0 ? NOTHING : this.#json(contents);
  }

  #json(node: unknown): Json {
    if (this.#bytes > MAX_BYTES) return NOTHING;
    if (isAlias(node)) return this.#alias(node);
    if (!this.#isPlainTag(node)) return NOTHING;
    if (isScalar(node)) {
      const json = this.#scalar(node);
      this.#count(node, Buffer.byteLength(compact(json)) + 1);
      return json;
    }
    if (!isMap(node) && !isSeq(node)) return NOTHING;
    if (this.#around.size >= MAX_DEPTH) {
      return this.#problem(node, `more than ${MAX_DEPTH} levels deep`);
    }
    this.#around.add(node);
    this.#count(node, 2);
    const json: Json = isMap(node)
      ? { kind: "map", entries: this.#entries(node.items) }
      : { kind: "list", items: node.items.map((item) => this.#json(item)) };
    this.#around.delete(node);
    return json;
  }

  #alias(alias: Alias): Json {
    const node = this.#target(alias);
    if (node === undefined) return this.#problem(alias, "there is no anchor for this alias");
    if (this.#around.has(node)) return this.#problem(alias, "the alias is inside of what it names");
    return this.#json(node);
  }

  #target(alias: Alias): unknown {
    if (!this.#targets.has(alias)) this.#targets.set(alias, alias.resolve(this.document));
    return this.#targets.get(alias);
  }

  #entries(pairs: readonly Pair[]): (readonly [string, Json])[] {
    const seen = new Map<string, number>();
    return pairs.map((pair) => {
      const key = this.#key(pair);
      const line = this.#at(pair.key).line;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, line);
      else {
        const name = JSON.stringify(key);
        this.#problem(pair.key, `the key ${name} is given a second time, first in line ${first}`);
      }
      return [key, this.#json(pair.value)] as const;
    });
  }

  #key(pair: Pair): string {
    const key = isAlias(pair.key) ? this.#target(pair.key) : pair.key;
    this.#isPlainTag(key);
    if (!isScalar(key)) {
      this.#problem(pair.key, "a key of JSON is a string, not a list or a map");
      return "";
    }
    if (key.value === "<<" && key.type === Scalar.PLAIN) {
      this.#problem(pair.key, "YAML 1.2 merges nothing with <<: write the fields out");
    }
    const trap = keyTrap(key, pair.value);
    if (trap !== undefined) this.#warn(key, trap);
    const text = typeof key.value === "string" ? key.value : (key.source ?? "");
    this.#count(key, Buffer.byteLength(quoted(text)) + 1);
    return text;
  }

  #scalar(node: Scalar): Json {
    const { value, source = "" } = node;
    const trap = valueTrap(node);
    if (trap !== undefined) this.#warn(node, trap);
    if (typeof value === "string") return { kind: "string", value };
    if (typeof value !== "number") return { kind: "literal", text: String(value) };
    const text = jsonNumber(source, value);
    if (text !== undefined) return { kind: "literal", text };
    return this.#problem(node, `JSON has no number for ${source}`);
  }

  #count(node: unknown, bytes: number): void {
    const isFirst = this.#bytes <= MAX_BYTES;
    this.#bytes += bytes;
    if (isFirst && this.#bytes > MAX_BYTES) {
      this.#problem(node, `the conf is longer than ${MAX_BYTES} bytes, which no frame can carry`);
    }
  }

  /** Says so of a tag that JSON has nothing for. */
  #isPlainTag(node: unknown): boolean {
    const tag = isScalar(node) || isMap(node) || isSeq(node) ? node.tag : undefined;
    if (tag === undefined || JSON_TAGS.test(tag)) return true;
    const shown = tag.replace(/^tag:yaml\.org,2002:/, "!!");
    this.#problem(node, `JSON has nothing for the tag ${shown}: write the value without it`);
    return false;
  }

  #problem(node: unknown, message: string): Json {
    const { line, column } = this.#at(node);
    this.problems.push({ line, column, message });
    return NOTHING;
  }

  #warn(node: unknown, message: string): void {
    const note = { ...this.#at(node), message };
    // An alias leads here as often as it is used.
    const isSame = ({ line, column }: Note) => line === note.line && column === note.column;
    if (!this.warnings.some(isSame)) this.warnings.push(note);
  }

  #note(notes: Note[], offset: number, message: string): void {
    notes.push({ ...this.#position(offset), message });
  }

  #at(node: unknown): Omit<Note, "message"> {
    const isPlaced = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
    return this.#position(isPlaced ? (node.range?.[0] ?? 0) : 0);
  }

  #position(offset: number): Omit<Note, "message"> {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

const JSON_TAGS = /^tag:yaml\.org,2002:(?:map|seq|str|null|bool|int|float)$/;

/** What the parser's own words leave to be guessed. */
const PLAINER = new Map<string, string>([
  ["MULTIPLE_DOCS", "a second document begins here: one conf at a time"],
  [
    "MULTILINE_IMPLICIT_KEY",
    "what begins here is taken for a key of several lines: is a comma missing behind it?",
  ],
]);

function lower(message: string): string {
  const [line = message] = message.split("\n", 1);
  return line.slice(0, 1).toLowerCase() + line.slice(1);
}
