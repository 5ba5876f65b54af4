/** A JSONata expression, compiled once and evaluated within limits. Loads jsonata. */
import jsonata from "jsonata";
import { LinearRegExp } from "../lib/linear-regexp.ts";
import { boundFunctions } from "./bounded-functions.ts";

export interface EvaluationLimits {
  /** ms */
  readonly time: number;
  /** How deep evaluations may lie in each other; recursion counts. */
  readonly depth: number;
  /** How many members a sequence may have. */
  readonly items: number;
}

/** Thrown where an expression fails on its input. The message holds nothing of the input. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
}

export class Transformation {
  readonly #expression: jsonata.Expression;
  readonly #patterns: ReadonlyMap<string, LinearRegExp>;
  readonly #options: jsonata.JsonataOptions;

  /** @throws SyntaxError for what does not compile; the message says where */
  constructor(expression: string, { time, depth, items }: EvaluationLimits) {
    this.#options = { timeout: time, stack: depth, sequence: items };
    try {
      this.#expression = jsonata(expression, this.#options);
    } catch (error) {
      throw new SyntaxError(describe(error, true), { cause: error });
    }
    this.#patterns = compilePatterns(this.#expression.ast());
    boundFunctions(this.#expression);
  }

  /**
   * @param input what the expression sees as `$`
   * @param bindings variables, without the $ in their names
   * @returns JSON, or undefined where the expression selects nothing
   * @throws EvaluationError (rejects with it)
   */
  async evaluate(input: unknown, bindings: Record<string, unknown>): Promise<unknown> {
    const timed = timedEngine(this.#patterns, this.#options.timeout ?? 0);
    try {
      // It is read before the evaluation first waits: others cannot come in between.
      this.#options.RegexEngine = timed;
      return await this.#expression.evaluate(input, bindings);
    } catch (error) {
      if (error instanceof EvaluationError) throw error;
      throw new EvaluationError(`the expression failed: ${describe(error, false)}`);
    }
  }
}

/** The patterns of an expression, by their text. @throws SyntaxError for one that has no linear form, and for $eval */
function compilePatterns(ast: unknown): Map<string, LinearRegExp> {
  const patterns = new Map<string, LinearRegExp>();
  const visited = new Set<unknown>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null || visited.has(node)) return;
    visited.add(node);
    const { type, value, position }: AstNode = node;
    if (type === "regex" && value instanceof RegExp) {
      try {
        patterns.set(String(value), new LinearRegExp(value));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new SyntaxError(
          `${String(value)} cannot be used: ${reason} at position ${String(position)}`,
        );
      }
    }
    if (type === "variable" && value === "eval") {
      throw new SyntaxError(`$eval is not available at position ${String(position)}`);
    }
    Object.values(node).forEach(visit);
  };
  visit(ast);
  return patterns;
}

interface AstNode {
  readonly type?: unknown;
  readonly value?: unknown;
  readonly position?: unknown;
}

/** Matching in a loop is jsonata's own affair, in which it does not look at the time. */
function timedEngine(patterns: ReadonlyMap<string, LinearRegExp>, time: number): RegExpConstructor {
  const end = Date.now() + time;
  return new Proxy(RegExp, {
    construct: (_target, [pattern]: [RegExp]) =>
      new TimedRegExp(patterns.get(String(pattern)) ?? new LinearRegExp(pattern), end),
  });
}

/** What jsonata needs of a RegExp. */
class TimedRegExp {
  lastIndex = 0;

  constructor(
    private readonly pattern: LinearRegExp,
    private readonly end: number,
  ) {}

  exec(text: string): RegExpExecArray | null {
    if (Date.now() > this.end) throw new EvaluationError("the expression took too long");
    this.pattern.lastIndex = this.lastIndex;
    const match = this.pattern.exec(text);
    this.lastIndex = this.pattern.lastIndex;
    return match;
  }
}

/**
 * jsonata throws objects that are no errors, with a code, a position and a message in which values stand.
 *
 * @param isSyntax the values are of the expression; else they may be of what a client sent
 */
function describe(error: unknown, isSyntax: boolean): string {
  if (typeof error !== "object" || error === null) return String(error);
  const { code, message, position }: Thrown = error;
  const words = isSyntax || SAFE_CODES.has(String(code)) ? [String(message)] : [];
  // Of what is no error of jsonata's even the name may tell something.
  words.push(code === undefined ? "(an error of its own)" : `(${String(code)})`);
  if (position !== undefined) words.push(`at position ${String(position)}`);
  return words.join(" ");
}

interface Thrown {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly position?: unknown;
}

/** Limits, and what `$error` and `$assert` of the expression say. */
const SAFE_CODES: ReadonlySet<string> = new Set(["D1011", "D1012", "D2015", "D3137", "D3141"]);
