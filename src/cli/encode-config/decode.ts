/** From what APISIX holds back to confs: a value, an entry, a route, or an answer of the Admin API. */
import { type Json, member, textOf } from "./json.ts";
import { type Note, read } from "./read.ts";

export interface Decoded {
  /** The plugin; undefined for a value that stood alone. */
  readonly name: string | undefined;
  /** `plugins.ext-plugin-pre-req.conf[0]`; empty at the top. */
  readonly place: string;
  readonly conf: Json;
}

export interface DecodeResult {
  /** Empty where there is a problem. */
  readonly confs: readonly Decoded[];
  readonly problems: readonly Note[];
  /** With the place they are of. */
  readonly warnings: readonly string[];
}

export function decode(text: string): DecodeResult {
  const value = bareValue(text);
  if (value !== undefined) return alone(value);
  const { json, problems } = read(text);
  // What else is no YAML may be a value whose quotes are gone, and with it a text.
  if (json === undefined) return { confs: [], problems, warnings: [] };
  if (json.kind === "string") return alone(unescaped(json.value) ?? json.value);
  return inside(json);
}

/** Escaped, with its quotes or without. */
function bareValue(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith('"')) return parsedString(trimmed);
  return unescaped(trimmed);
}

/** The text that is meant, where all of its quotes are escaped. */
function unescaped(text: string): string | undefined {
  return text.includes('\\"') ? parsedString(`"${text}"`) : undefined;
}

function parsedString(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "string" ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function alone(value: string): DecodeResult {
  const { conf, warning } = confOf(value);
  return {
    confs: [{ name: undefined, place: "", conf }],
    problems: [],
    warnings: warning === undefined ? [] : [warning],
  };
}

function inside(json: Json): DecodeResult {
  const confs: Decoded[] = [];
  const warnings: string[] = [];
  const entry = (name: string, value: Json, place: string) => {
    const text = textOf(value);
    const { conf, warning } = text === undefined ? notEncoded(value) : confOf(text);
    confs.push({ name, place, conf });
    if (warning !== undefined) warnings.push(place === "" ? warning : `${place}: ${warning}`);
    if (/ext-plugin-[a-z-]+$/.test(place)) {
      warnings.push(`${place}: APISIX reads no name and value here: it wants a list of them, conf`);
    }
  };
  walk(json, "", entry);
  if (confs.length > 0) return { confs, problems: [], warnings };
  if (HOLDERS.some((key) => member(json, key) !== undefined)) {
    return { confs, problems: [note("there is no conf of an ext-plugin in it")], warnings };
  }
  return {
    confs: [{ name: undefined, place: "", conf: json }],
    problems: [],
    warnings: ["nothing in it is escaped: it is a conf already"],
  };
}

/** Where confs are looked for and none is, the whole is no conf either. */
const HOLDERS = ["plugins", "routes", "list", "node", "uri", "uris", "error_msg"];

/** The whole, an item of it, an item of a `conf`; and where entries are put by mistake. */
const ENTRY_PLACE = /^(?:\[\d+\])?$|(?:^|\.)(?:conf\[\d+\]|ext-plugin-[a-z-]+)$/;

/** Finds entries. */
function walk(
  json: Json,
  place: string,
  found: (name: string, value: Json, place: string) => void,
): void {
  const name = textOf(member(json, "name"));
  const value = member(json, "value");
  if (ENTRY_PLACE.test(place) && name !== undefined && value !== undefined) {
    found(name, value, place);
    return;
  }
  if (json.kind === "list") json.items.forEach((item, i) => walk(item, `${place}[${i}]`, found));
  if (json.kind !== "map") return;
  for (const [key, each] of json.entries) walk(each, place ? `${place}.${key}` : key, found);
}

function confOf(value: string): { conf: Json; warning?: string } {
  const text: Json = { kind: "string", value };
  if (!isJson(value)) return { conf: text, ...broken(value) };
  const { json = text } = read(value);
  const within = textOf(json);
  const isTwice = within !== undefined && /^\s*[{[]/.test(within) && isJson(within);
  if (!isTwice) return { conf: json };
  return {
    conf: json,
    warning: "the value is escaped twice: the plugin gets a text, and not the object in it",
  };
}

/** A text by design, unless it looks as if it should have been JSON. */
function broken(value: string): { warning?: string } {
  if (!/^\s*[{[]/.test(value)) return {};
  const why =
    unescaped(value) === undefined
      ? `is not JSON (${reasonOf(value)})`
      : "has backslashes left before its quotes";
  return { warning: `the value ${why}: the plugin gets it as a text` };
}

function notEncoded(conf: Json): { conf: Json; warning: string } {
  return { conf, warning: "the value is not a string: APISIX takes strings only" };
}

function isJson(text: string): boolean {
  return reasonOf(text) === undefined;
}

function reasonOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^JSON Parse error: /, "") : "";
  }
}

function note(message: string): Note {
  return { line: 1, column: 1, message };
}
