/**
 * Reads JSON where it stands, without making objects of it: what an object cannot keep is seen, such as a name
 * twice, white space, and each digit of a number.
 */

/** What a value begins like; a literal is true, false or null. */
export type JsonKind = "object" | "array" | "string" | "number" | "literal";

/** Thrown for text that is not JSON (RFC 8259), or is nested deeper than allowed. */
export class JsonSyntaxError extends SyntaxError {
  override readonly name = "JsonSyntaxError";

  /** @param position in the text, counted in UTF-16 units */
  constructor(
    problem: string,
    readonly position: number,
  ) {
    super(`${problem} at position ${position}`);
  }
}

const WHITE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const BYTE_ORDER_MARK = 0xfeff;

export class JsonReader {
  #at = 0;
  #depth = 0;

  /** @param maxDepth how many objects and arrays may lie in each other; recursion goes as deep */
  constructor(
    readonly text: string,
    readonly maxDepth: number,
  ) {}

  /** Where the next token begins, or the last one ended. */
  get position(): number {
    return this.#at;
  }

  /** Reads the whole text. @param value reads the one value that is in it */
  document(value: () => void): void {
    if (this.text.charCodeAt(0) === BYTE_ORDER_MARK) this.#at = 1;
    this.#skipWhite();
    value();
    this.#skipWhite();
    if (this.#at < this.text.length) this.#fail("more text after the JSON value");
  }

  /** What comes next. */
  kind(): JsonKind {
    switch (this.text[this.#at]) {
      case "{":
        return "object";
      case "[":
        return "array";
      case '"':
        return "string";
      case "t":
      case "f":
      case "n":
        return "literal";
      case undefined:
        return this.#fail("the text ends where a value should be");
      default:
        return "number";
    }
  }

  /** Reads an object. @param member reads the value of each; where its name stands, quotes included, it is told */
  object(member: (nameStart: number, nameEnd: number) => void): void {
    this.#list("}", () => {
      const start = this.#at;
      this.string();
      const end = this.#at;
      this.#skipWhite();
      this.#take(":");
      this.#skipWhite();
      member(start, end);
    });
  }

  /** Reads an array. @param element reads each value */
  array(element: (index: number) => void): void {
    let index = 0;
    this.#list("]", () => element(index++));
  }

  string(): void {
    this.#take('"');
    for (;;) {
      this.#match(PLAIN_CHARACTERS);
      if (this.text[this.#at] === '"') break;
      if (!this.#match(ESCAPE)) this.#fail("a string that does not end or holds what it must not");
    }
    this.#at++;
  }

  /** Reads a value of any kind to its end. */
  skip(): void {
    switch (this.kind()) {
      case "object":
        return this.object(() => this.skip());
      case "array":
        return this.array(() => this.skip());
      case "string":
        return this.string();
      case "number":
        if (!this.#match(NUMBER)) this.#fail("no JSON value");
        return;
      case "literal":
        if (!this.#match(LITERAL)) this.#fail("no JSON value");
    }
  }

  /** What a string stands for, given where it stands with its quotes. */
  decode(start: number, end: number): string {
    const raw = this.text.slice(start, end);
    return raw.includes("\\") ? JSON.parse(raw) : raw.slice(1, -1);
  }

  #list(close: string, item: () => void): void {
    if (++this.#depth > this.maxDepth) this.#fail(`more than ${this.maxDepth} levels`);
    this.#at++;
    this.#skipWhite();
    if (this.text[this.#at] !== close) {
      for (;;) {
        item();
        this.#skipWhite();
        if (this.text[this.#at] !== ",") break;
        this.#at++;
        this.#skipWhite();
      }
    }
    this.#take(close);
    this.#depth--;
  }

  #take(character: string): void {
    if (this.text[this.#at] !== character) this.#fail(`no ${character}`);
    this.#at++;
  }

  #skipWhite(): void {
    this.#match(WHITE);
  }

  /** Whether the pattern, which is sticky, matches here. */
  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #fail(problem: string): never {
    throw new JsonSyntaxError(problem, this.#at);
  }
}

/**
 * Checks that the text is JSON that every reader understands alike.
 *
 * @throws JsonSyntaxError also for an object that has a name twice: some readers take the first, others the last
 */
export function checkJson(text: string, maxDepth: number): void {
  const reader = new JsonReader(text, maxDepth);
  const value = (): void => {
    switch (reader.kind()) {
      case "object": {
        const names = new Set<string>();
        return reader.object((start, end) => {
          const name = reader.decode(start, end);
          if (names.has(name)) {
            throw new JsonSyntaxError("a name that its object has already", start);
          }
          names.add(name);
          value();
        });
      }
      case "array":
        return reader.array(value);
      default:
        return reader.skip();
    }
  };
  reader.document(value);
}
