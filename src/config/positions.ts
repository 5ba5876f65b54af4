/** Finds where in a YAML text a key or a value is, and what is wrong with the text. */
import type { Document, Node, Pair, YAMLMap } from "yaml";

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
}

/**
 * Parses with the `yaml` package, which knows positions. It takes 6 ms the first time: only a problem brings it in.
 */
export function positionsIn(text: string): Positions {
  const yaml: typeof import("yaml") = require("yaml");
  const lines = new yaml.LineCounter();
  const document: Document.Parsed = yaml.parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    uniqueKeys: false,
  });

  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const positionOf = (node: unknown): Position | undefined =>
    yaml.isNode(node) && node.range ? at(node.range[0]) : undefined;
  const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
    map.items.findLast((pair) => keyOf(pair) === key);
  const keyOf = (pair: Pair): string => String(yaml.isScalar(pair.key) ? pair.key.value : pair.key);

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

  return {
    errors: document.errors.map(({ pos, message, code }) => ({
      ...at(pos[0]),
      cause: message,
      code,
    })),
    repeated,
    find(path, part) {
      let node: Node | unknown = document.contents;
      let found = positionOf(node);
      for (const [index, key] of path.entries()) {
        if (yaml.isAlias(node)) node = node.resolve(document);
        if (yaml.isMap(node)) {
          const pair = pairOf(node, String(key));
          if (pair === undefined) return found;
          node = pair.value;
          const isLast = index === path.length - 1;
          found =
            (isLast && part === "value" ? positionOf(node) : undefined) ??
            positionOf(pair.key) ??
            found;
        } else if (yaml.isSeq(node)) {
          node = node.items[Number(key)];
          found = positionOf(node) ?? found;
        } else return found;
      }
      return found;
    },
  };
}
