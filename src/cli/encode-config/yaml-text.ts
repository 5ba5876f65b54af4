/** Writes a JSON value as YAML in blocks. Strings are in quotes, so that no reader takes `on` or `1.10` for something else. */
import { compact, type Json, quoted } from "./json.ts";

/** Without a line break at the end. */
export function yamlText(json: Json): string {
  return block(json, "").join("\n");
}

/** The lines of a value, each behind the indentation but for the first. */
function block(json: Json, indent: string): string[] {
  switch (json.kind) {
    case "map":
      if (json.entries.length === 0) return ["{}"];
      return json.entries.flatMap(([key, value], i) =>
        after(`${i === 0 ? "" : indent}${yamlKey(key)}:`, value, indent),
      );
    case "list":
      if (json.items.length === 0) return ["[]"];
      return json.items.flatMap((item, i) => {
        const [first = "", ...rest] = block(item, `${indent}  `);
        return [`${i === 0 ? "" : indent}- ${first}`, ...rest];
      });
    case "string":
      return literalBlock(json.value, indent) ?? [quoted(json.value)];
    case "literal":
      return [compact(json)];
  }
}

/** A key and its value, which stands behind it or below. */
function after(key: string, value: Json, indent: string): string[] {
  const inner = `${indent}  `;
  const [first = "", ...rest] = block(value, inner);
  const isBelow =
    (value.kind === "map" && value.entries.length > 0) ||
    (value.kind === "list" && value.items.length > 0);
  return isBelow ? [key, inner + first, ...rest] : [`${key} ${first}`, ...rest];
}

/** Several lines of plain text, as they are; undefined for what YAML would not give back unchanged. */
function literalBlock(text: string, indent: string): string[] | undefined {
  const [, body, end] = /^([^\s#%-][^]*\S)(\n?)$/.exec(text) ?? [];
  if (body === undefined || !body.includes("\n") || !isPrintable(body)) return undefined;
  // At the top a block needs an indentation all the same.
  const inner = indent === "" ? "  " : indent;
  const lines = body.split("\n").map((line) => (line === "" ? "" : inner + line));
  return [end === "\n" ? "|" : "|-", ...lines];
}

function isPrintable(text: string): boolean {
  return !/[^\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(
    text,
  );
}

/** Words that YAML 1.1 takes for true, false or nothing. */
const RESERVED = /^(?:y|yes|n|no|on|off|true|false|null)$/i;

function yamlKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !RESERVED.test(key) ? key : quoted(key);
}
