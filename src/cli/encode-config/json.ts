/** A JSON value with what a JavaScript object would lose of it: the order of keys, and the digits of numbers. */

export type Json =
  | { readonly kind: "string"; readonly value: string }
  /** A number, as it is written, or `true`, `false`, `null`. */
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Json[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [key: string, value: Json])[] };

export type JsonMap = Extract<Json, { kind: "map" }>;

/** In one line, without spaces. */
export function compact(json: Json): string {
  switch (json.kind) {
    case "string":
      return quoted(json.value);
    case "literal":
      return json.text;
    case "list":
      return `[${json.items.map(compact).join(",")}]`;
    case "map":
      return `{${json.entries.map(([key, value]) => `${quoted(key)}:${compact(value)}`).join(",")}}`;
  }
}

/** With two spaces a level. */
export function pretty(json: Json, indent = ""): string {
  const inner = `${indent}  `;
  const block = (open: string, lines: readonly string[], close: string) =>
    lines.length === 0
      ? open + close
      : `${open}\n${lines.map((line) => inner + line).join(",\n")}\n${indent}${close}`;
  switch (json.kind) {
    case "list":
      return block(
        "[",
        json.items.map((item) => pretty(item, inner)),
        "]",
      );
    case "map":
      return block(
        "{",
        json.entries.map(([key, value]) => `${quoted(key)}: ${pretty(value, inner)}`),
        "}",
      );
    default:
      return compact(json);
  }
}

/**
 * A JSON string that is a double-quoted scalar of YAML as well: what YAML 1.1 takes for the end of a
 * line, or does not take at all, is escaped.
 */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The value of a key that is there. */
export function member(json: Json | undefined, key: string): Json | undefined {
  if (json?.kind !== "map") return undefined;
  return json.entries.find(([each]) => each === key)?.[1];
}

export function textOf(json: Json | undefined): string | undefined {
  return json?.kind === "string" ? json.value : undefined;
}

/** Any value that JSON has, as this one. Members that are undefined are left out. */
export function toJson(value: unknown): Json {
  if (typeof value === "string") return { kind: "string", value };
  if (Array.isArray(value)) return { kind: "list", items: value.map(toJson) };
  if (typeof value !== "object" || value === null) return { kind: "literal", text: String(value) };
  return {
    kind: "map",
    entries: Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, toJson(each)] as const),
  };
}
