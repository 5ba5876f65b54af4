/** Masks a JSON text where it stands: whatever no rule and no pattern finds keeps its bytes. */
import { JsonReader } from "../lib/json-reader.ts";
import type { Mask } from "./mask.ts";
import { type Cursor, follow, type Path } from "./path.ts";
import { essenceOf, findSensitive, type Sensitive } from "./sensitive.ts";

/** What becomes of the values that its paths lead to. */
export interface Rule {
  readonly paths: readonly Path[];
  /** undefined: they are left out. */
  readonly mask: Mask | undefined;
}

/** What becomes of card numbers or e-mail addresses, wherever they stand in strings. */
export interface Pattern {
  readonly find: Sensitive;
  readonly mask: Mask;
  /** Whether a whole number of a card's length counts too. */
  readonly inNumbers: boolean;
}

export interface Masking {
  /** The first that leads to a value is the one for it. */
  readonly rules: readonly Rule[];
  readonly patterns: readonly Pattern[];
}

/**
 * @returns undefined where nothing was found
 * @throws JsonSyntaxError for what is no JSON, and for what lies deeper than `maxDepth`
 */
export function maskJson(text: string, masking: Masking, maxDepth: number): string | undefined {
  return new JsonMasker(new JsonReader(text, maxDepth), masking).run();
}

/** @returns undefined where nothing was found */
export function maskText(text: string, patterns: readonly Pattern[]): string | undefined {
  const masked = patterns.reduce(maskOne, text);
  return masked === text ? undefined : masked;
}

function maskOne(text: string, { find, mask }: Pattern): string {
  let masked = "";
  let from = 0;
  for (const { start, end } of findSensitive(find, text)) {
    masked +=
      text.slice(from, start) + String(mask(essenceOf(find, text.slice(start, end)), false));
    from = end;
  }
  return masked + text.slice(from);
}

class JsonMasker {
  #masked = "";
  /** Up to where the text is in `#masked`, changed or not. */
  #copied = 0;

  constructor(
    private readonly reader: JsonReader,
    private readonly masking: Masking,
  ) {}

  run(): string | undefined {
    const { reader, masking } = this;
    const cursors = masking.rules.flatMap((rule) =>
      rule.paths.map((path) => ({ rule, path, done: 0 })),
    );
    reader.document(() => this.#value(cursors));
    return this.#copied === 0 ? undefined : this.#masked + reader.text.slice(this.#copied);
  }

  #value(cursors: readonly Cursor<Rule>[]): void {
    const { reader, masking } = this;
    if (cursors.length === 0 && masking.patterns.length === 0) return reader.skip();
    const start = reader.position;
    switch (reader.kind()) {
      case "object": {
        const gaps = new Gaps((from, to) => this.#replace(from, to, ""));
        reader.object((nameStart, nameEnd) => {
          const { rule, next } = this.#find(cursors, reader.decode(nameStart, nameEnd));
          gaps.item(nameStart, isDrop(rule), () => {
            if (!isDrop(rule)) this.#string(nameStart, nameEnd);
            this.#child(rule, next);
            return reader.position;
          });
        });
        return gaps.end();
      }
      case "array": {
        const gaps = new Gaps((from, to) => this.#replace(from, to, ""));
        reader.array((index) => {
          const { rule, next } = this.#find(cursors, index);
          gaps.item(reader.position, isDrop(rule), () => {
            this.#child(rule, next);
            return reader.position;
          });
        });
        return gaps.end();
      }
      case "string":
        reader.string();
        return this.#string(start, reader.position);
      case "number":
        reader.skip();
        return this.#number(start, reader.position);
      case "literal":
        return reader.skip();
    }
  }

  #find(cursors: readonly Cursor<Rule>[], child: string | number) {
    const { next, found } = follow(cursors, child);
    return { next, rule: this.masking.rules.find((rule) => found.includes(rule)) };
  }

  #child(rule: Rule | undefined, next: readonly Cursor<Rule>[]): void {
    if (rule === undefined) return this.#value(next);
    const { reader } = this;
    const start = reader.position;
    const kind = reader.kind();
    reader.skip();
    if (rule.mask === undefined) return;
    const end = reader.position;
    const text = kind === "string" ? reader.decode(start, end) : reader.text.slice(start, end);
    const isList = kind === "object" || kind === "array";
    this.#replace(start, end, JSON.stringify(rule.mask(text, isList)));
  }

  #string(start: number, end: number): void {
    const masked = maskText(this.reader.decode(start, end), this.masking.patterns);
    if (masked !== undefined) this.#replace(start, end, JSON.stringify(masked));
  }

  #number(start: number, end: number): void {
    const patterns = this.masking.patterns.filter(({ inNumbers }) => inNumbers);
    const text = this.reader.text.slice(start, end);
    if (patterns.length === 0 || !/^[0-9]+$/.test(text)) return;
    const masked = maskText(text, patterns);
    if (masked !== undefined) this.#replace(start, end, JSON.stringify(masked));
  }

  /** Replacements come in the order of the text. */
  #replace(start: number, end: number, replacement: string): void {
    this.#masked += this.reader.text.slice(this.#copied, start) + replacement;
    this.#copied = end;
  }
}

function isDrop(rule: Rule | undefined): boolean {
  return rule !== undefined && rule.mask === undefined;
}

/** Cuts members or elements out of their list, each with the comma that would be left over. */
class Gaps {
  #previousEnd = 0;
  #hasKept = false;
  /** Where the first of those begins that are cut out at the beginning. */
  #from: number | undefined;

  constructor(private readonly cut: (start: number, end: number) => void) {}

  /** @param read reads the item and returns where it ends */
  item(start: number, isCut: boolean, read: () => number): void {
    if (!isCut && this.#from !== undefined) {
      this.cut(this.#from, start);
      this.#from = undefined;
    }
    const end = read();
    if (!isCut) this.#hasKept = true;
    else if (this.#hasKept) this.cut(this.#previousEnd, end);
    else this.#from ??= start;
    this.#previousEnd = end;
  }

  end(): void {
    if (this.#from !== undefined) this.cut(this.#from, this.#previousEnd);
  }
}
