/** Paths with names in braces, and which of them a request's path is. */
import { LinearRegExp } from "../lib/linear-regexp.ts";

export class PathTemplate {
  readonly names: readonly string[];
  readonly #pattern: LinearRegExp;

  /** @param text such as `/users/{id}`; what a name stands for has no slash in it */
  constructor(readonly text: string) {
    this.names = Array.from(text.matchAll(/\{([^{}]+)\}/g), ([, name = ""]) => name);
    const literals = text.split(/\{[^{}]+\}/).map((literal) => RegExp.escape(literal));
    this.#pattern = new LinearRegExp(`^${literals.join("([^/]+)")}$`, "s");
  }

  /** What the names stand for; undefined where the path is another one. */
  match(path: string): ReadonlyMap<string, string> | undefined {
    if (this.names.length === 0) return path === this.text ? new Map() : undefined;
    this.#pattern.lastIndex = 0;
    const match = this.#pattern.exec(path);
    return match === null
      ? undefined
      : new Map(this.names.map((name, i) => [name, match[i + 1] ?? ""]));
  }
}

/** Orders those first that say more: of two that a path fits, the one without names counts. */
export function bySpecificity(a: PathTemplate, b: PathTemplate): number {
  const [left, right] = [a.text.split("/"), b.text.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = Number(left[i]?.includes("{")) - Number(right[i]?.includes("{"));
    if (difference !== 0) return difference;
  }
  return a.names.length - b.names.length;
}
