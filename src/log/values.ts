/** Shows whatever a record is given as text, without ever throwing. */
import { describeError, isError } from "./errors.ts";
import { namesOf, read } from "./properties.ts";
import { ALWAYS_REDACTED, hides, REDACTED, type RedactedNames } from "./redact.ts";
import { clip, type Clipped, marked, maxLineBytes } from "./text.ts";

/** A value as it goes into a line: a plain string, or the JSON of anything else. JSON that was clipped is a string. */
export interface Shown extends Clipped {
  readonly json: boolean;
}

/** @param redacted names whose values are not shown, wherever in it they are */
export function show(value: unknown, redacted: RedactedNames = ALWAYS_REDACTED): Shown {
  const plain = plainOf(value, { parents: [], left: maxValues, redacted });
  const text = typeof plain === "string" ? plain : JSON.stringify(plain);
  return shorten({ text, omitted: 0, json: typeof plain !== "string" }, maxLineBytes);
}

/** The same value in at most `room` bytes. */
export function shorten(shown: Shown, room: number): Shown {
  const clipped = clip(shown.text, room, shown.omitted);
  return { ...clipped, json: shown.json && clipped.omitted === 0 };
}

type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain };

interface Walk {
  readonly parents: object[];
  /** How many more values may be shown. */
  left: number;
  readonly redacted: RedactedNames;
}

const maxValues = 200;
const maxDepth = 6;
const maxNestedBytes = 1000;
const unreadable = "[unreadable]";

function plainOf(value: unknown, walk: Walk): Plain {
  switch (typeof value) {
    case "string":
      return walk.parents.length === 0 ? value : marked(clip(value, maxNestedBytes));
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "function":
      return "[function]";
    case "object":
      return value === null ? null : plainObject(value, walk);
    default:
      return String(value);
  }
}

function plainObject(value: object, walk: Walk): Plain {
  if (walk.parents.includes(value)) return "[circular]";
  if (walk.parents.length === maxDepth) return "[too deep]";
  walk.parents.push(value);
  try {
    if (isError(value)) return describeError(value, (part) => textOf(plainOf(part, walk)));
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return `[${value.constructor.name}, ${value.byteLength} bytes]`;
    }
    const toJSON = Reflect.get(value, "toJSON");
    const json: unknown = typeof toJSON === "function" ? toJSON.call(value) : value;
    if (json !== value) return typeof json === "string" ? json : plainOf(json, walk);
    if (value instanceof Map) return plainMembers([...value.keys()], (key) => value.get(key), walk);
    if (value instanceof Set || Array.isArray(value)) return plainList([...value], walk);
    const names = Object.keys(value);
    if (names.length === 0 && saysMoreAsString(value)) return String(value);
    return plainMembers(names, (name) => read(value, name, unreadable), walk);
  } catch {
    return unreadable;
  } finally {
    walk.parents.pop();
  }
}

/** A RegExp does, for one, an empty object does not. */
function saysMoreAsString(value: object): boolean {
  const toString = Reflect.get(value, "toString");
  return typeof toString === "function" && toString !== Object.prototype.toString;
}

function plainList(items: readonly unknown[], walk: Walk): Plain {
  // A header as Headers and Map have it: a name and a value.
  if (items.length === 2 && hides(walk.redacted, items[0])) return [String(items[0]), REDACTED];
  const list: Plain[] = [];
  for (const item of items) {
    if (walk.left-- <= 0) return [...list, `… ${items.length - list.length} more`];
    list.push(plainOf(item, walk));
  }
  return list;
}

function plainMembers<K>(names: readonly K[], valueOf: (name: K) => unknown, walk: Walk): Plain {
  const members: [string, Plain][] = [];
  for (const [index, name] of names.entries()) {
    if (walk.left-- <= 0) {
      members.push(["…", `${names.length - index} more`]);
      break;
    }
    const value = valueOf(name);
    if (value === undefined) continue;
    const isHidden =
      hides(walk.redacted, name) || (name === "value" && hidesEntry(names, valueOf, walk));
    const plain = isHidden ? REDACTED : plainOf(value, walk);
    members.push([marked(clip(String(name), maxNestedBytes)), plain]);
  }
  return Object.fromEntries(members);
}

/** `{ name: "cookie", value: … }` is a header too. */
function hidesEntry<K>(names: readonly K[], valueOf: (name: K) => unknown, walk: Walk): boolean {
  const name = names.find((each) => each === "name");
  return name !== undefined && hides(walk.redacted, valueOf(name));
}

function textOf(plain: Plain): string {
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}
