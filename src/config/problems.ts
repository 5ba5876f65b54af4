/** Collects what is wrong with the settings, so that all of it is said at once. */

/** The settings cannot be used. The message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One line each: where, what is there, what is allowed. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

export class Problems {
  readonly #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line);
  }

  /** @throws {ConfigError} when there is any problem. */
  throwIfAny(): void {
    if (this.#lines.length > 0) throw new ConfigError(this.#lines);
  }
}

const maxShown = 120;

/** In the place of a value that may hold a password. */
export const NOT_SHOWN = "something that is not shown, since it may hold a password";

/** A value as it was given, short and in one line. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(cut(bare(value))) : String(value);
  return escapeHidden(text);
}

/** A key or a path as it was given: plain where it is plain, else in quotes. */
export function showName(name: string): string {
  return /^[\w./$-]{1,120}$/.test(name) ? name : show(name);
}

/** Without the user and password of a URL, also where it stands under a key that it was not meant for. */
function bare(text: string): string {
  return text.replace(/:\/\/.*@/s, "://…@");
}

function cut(text: string): string {
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}…`;
}

/** Spells out what terminals and log readers act on. */
export function escapeHidden(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
