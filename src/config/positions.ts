/** Finds where in a YAML text a key or a value is, and what is wrong with the text. */
import type { Pair } from "yaml";

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Positions {
  /** Errors of the syntax, in the words of the `yaml` package. */
  readonly errors: readonly (Position & { readonly cause: string; readonly code: string })[];
  /** Keys that a mapping holds more than once. */
  readonly repeated: readonly (Position & { readonly key: string; readonly firstLine: number })[];
  /** Where the key at this path is, or its value; a place around it where it is not written out. */
  find(path: readonly (string | number)[], part: "key" | "value"): Position | undefined;
  /** The number at this path as it is written: `0660`, `1e3`. */
  number(path: readonly (string | number)[]): string | undefined;
}

/**
 * Parses with the `yaml` package, which knows positions. It takes 6 ms the first time: only a problem brings it in.
 */
export function positionsIn(text: string): Positions {
  const yaml: typeof import("./yaml.ts") = require("./yaml.ts");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });

  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const positionOf = (node: unknown): Position | undefined =>
    yaml.isNode(node) && node.range ? at(node.range[0]) : undefined;
  const resolved = (node: unknown): unknown => (yaml.isAlias(node) ? node.resolve(document) : node);
  const keyOf = (pair: Pair): string => {
    const key = resolved(pair.key);
    return String(yaml.isScalar(key) ? key.value : key);
  };

  const repeated: Positions["repeated"][number][] = [];
  const collectRepeated = (node: unknown, path: readonly string[]): void => {
    if (!yaml.isMap(node)) return;
    const first = new Map<string, number>();
    for (const pair of node.items) {
      const key = keyOf(pair);
      const position = positionOf(pair.key);
      const firstLine = first.get(key);
      if (position !== undefined && firstLine !== undefined) {
        repeated.push({ ...position, key: [...path, key].join("."), firstLine });
      }
      if (position !== undefined && firstLine === undefined) first.set(key, position.line);
      collectRepeated(pair.value, [...path, key]);
    }
  };
  collectRepeated(document.contents, []);

  /** The nodes on the way, from the outermost one, each with its key where it has one. */
  const nodesTo = (path: readonly (string | number)[]): { key?: unknown; value: unknown }[] => {
    const way: { key?: unknown; value: unknown }[] = [{ value: document.contents }];
    for (const step of path) {
      const node = resolved(way.at(-1)?.value);
      const pair = yaml.isMap(node)
        ? node.items.findLast((each) => keyOf(each) === String(step))
        : undefined;
      if (pair !== undefined) way.push({ key: pair.key, value: pair.value });
      else if (yaml.isSeq(node)) way.push({ value: node.items[Number(step)] });
      else break;
    }
    return way;
  };

  const errors: Positions["errors"][number][] = document.errors.map(({ pos, message, code }) => ({
    ...at(pos[0]),
    cause: message,
    code,
  }));
  // An alias is not looked up before it is needed, which for other errors is never.
  if (errors.length === 0) {
    yaml.visit(document, {
      Alias(_key, alias) {
        const position = positionOf(alias);
        if (position === undefined || alias.resolve(document) !== undefined) return;
        errors.push({ ...position, cause: `Unresolved alias ${alias.source}`, code: "BAD_ALIAS" });
      },
    });
  }

  return {
    errors,
    repeated,
    find(path, part) {
      const way = nodesTo(path);
      const isThere = way.length === path.length + 1;
      const places = way.map(({ key, value }, index) => {
        const isTarget = isThere && index === path.length;
        return isTarget && part === "value"
          ? (positionOf(value) ?? positionOf(key))
          : (positionOf(key) ?? positionOf(value));
      });
      return places.findLast((place) => place !== undefined);
    },
    number(path) {
      const node = nodesTo(path)[path.length]?.value;
      return yaml.isScalar(node) && typeof node.value === "number" ? node.source : undefined;
    },
  };
}
