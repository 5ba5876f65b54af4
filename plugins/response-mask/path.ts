/** The paths of rules: the part of JSONPath (RFC 9535) that can be followed while a document is read once, from its start to its end. */

/** What a segment picks of the children of a value: a member of this name, an element of this index, or all. */
type Selector = string | number | typeof ALL;

const ALL = Symbol("*");

interface Segment {
  readonly selectors: readonly Selector[];
  /** `..`: of all values below, not of the children alone. */
  readonly descends: boolean;
}

export interface Path {
  readonly text: string;
  readonly segments: readonly Segment[];
}

const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const INDEX = /0|[1-9][0-9]{0,8}/y;
const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y;

/**
 * Reads `$.a.b`, `$.items[*].card`, `$..token`, `$['odd name']`, `$.a[0,'b']`.
 *
 * @throws SyntaxError for all else, filters, slices and indexes from the end included
 */
export function parsePath(text: string): Path {
  if (!text.startsWith("$")) throw new SyntaxError("a path begins with $");
  const segments: Segment[] = [];
  let at = 1;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? undefined;
    if (found !== undefined) at += found[0].length;
    return found;
  };
  const take = (token: string): boolean => {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const selector = (): Selector => {
    if (take("*")) return ALL;
    const index = match(INDEX);
    if (index !== undefined) return Number(index[0]);
    const name = match(QUOTED);
    if (name === undefined) {
      throw new SyntaxError(
        `there is no name in quotes, no index and no * at character ${at + 1}; filters, slices and indexes from the end are not known`,
      );
    }
    return unquote(name[0]);
  };
  const bracketed = (): Selector[] => {
    const selectors = [];
    do {
      match(/ */y);
      selectors.push(selector());
      match(/ */y);
    } while (take(","));
    if (!take("]")) throw new SyntaxError(`there is no ] at character ${at + 1}`);
    return selectors;
  };
  while (at < text.length) {
    const descends = take("..");
    const isDotted = descends || take(".");
    if ((descends || !isDotted) && take("[")) {
      segments.push({ selectors: bracketed(), descends });
      continue;
    }
    const name = isDotted && (take("*") ? ALL : match(NAME)?.[0]);
    if (name === false || name === undefined) {
      throw new SyntaxError(
        `there is no .name and no [ at character ${at + 1}; names with other characters than letters, digits and _ are written ['a-b']`,
      );
    }
    segments.push({ selectors: [name], descends });
  }
  if (segments.length === 0) throw new SyntaxError("the whole body cannot be masked");
  return { text, segments };
}

/** The escapes are those of JSON, and \' between single quotes. */
function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  const json = quoted.startsWith('"')
    ? inner
    : inner.replaceAll(/\\?"|\\'/g, (quote) => (quote === "\\'" ? "'" : '\\"'));
  const name: unknown = JSON.parse(`"${json}"`);
  return String(name);
}

/** A rule's path, and how much of it led to the value that is being read. */
export interface Cursor<Rule> {
  readonly rule: Rule;
  readonly path: Path;
  readonly done: number;
}

/** The cursors for a child; those whose path ends there say by which rules it is found. */
export function follow<Rule>(
  cursors: readonly Cursor<Rule>[],
  child: string | number,
): { next: Cursor<Rule>[]; found: Rule[] } {
  const next: Cursor<Rule>[] = [];
  const found: Rule[] = [];
  for (const cursor of cursors) {
    const { rule, path, done } = cursor;
    const segment = path.segments[done];
    if (segment === undefined) continue;
    if (segment.descends) next.push(cursor);
    if (!segment.selectors.some((selector) => selector === ALL || selector === child)) continue;
    if (done + 1 === path.segments.length) found.push(rule);
    // Two ways to one place, as in $..a..b, would double with each level.
    else if (!next.some((other) => other.path === path && other.done === done + 1)) {
      next.push({ rule, path, done: done + 1 });
    }
  }
  return { next, found };
}
