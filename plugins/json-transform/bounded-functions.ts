/**
 * Those of JSONata's own functions that would take more time than an expression may: they do not look at its limits, and go over
 * their input again for each of its members.
 */
import type { Expression } from "jsonata";

/** Characters that `$pad` may make. */
const MAX_PADDED = 100_000;

export function boundFunctions(expression: Expression): void {
  expression.registerFunction("distinct", distinct, "<x:x>");
  expression.registerFunction("sort", sort, "<af?:a>");
  expression.registerFunction("pad", pad, "<s-ns?:s>");
}

function distinct(items: unknown): unknown {
  if (!Array.isArray(items) || items.length <= 1) return items;
  const seen = new Set<unknown>();
  const found = items.filter((item) => {
    const key = keyOf(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  // A sequence of one is that one; an array of one stays an array.
  return isSequence(items) ? Object.assign(found, { sequence: true }) : found;
}

/** Equal for what is equal, whatever the order of its members. */
function keyOf(value: unknown): unknown {
  if (typeof value === "function") return value;
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function isSequence(items: unknown[]): boolean {
  return "sequence" in items && items.sequence === true;
}

type IsAfter = (a: unknown, b: unknown) => unknown;

async function sort(items: unknown[] | undefined, isAfter?: IsAfter): Promise<unknown> {
  if (items === undefined || items.length <= 1) return items;
  if (isAfter !== undefined) return mergeSort(items, isAfter);
  if (items.every((item) => typeof item === "number")) return items.toSorted((a, b) => a - b);
  if (items.every((item) => typeof item === "string")) {
    return items.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
  throw { code: "D3070", stack: "" };
}

/** Equal ones keep their order. */
async function mergeSort(items: unknown[], isAfter: IsAfter): Promise<unknown[]> {
  if (items.length <= 1) return items;
  const middle = items.length >> 1;
  const left = await mergeSort(items.slice(0, middle), isAfter);
  const right = await mergeSort(items.slice(middle), isAfter);
  const merged: unknown[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    merged.push((await isAfter(left[l], right[r])) ? right[r++] : left[l++]);
  }
  return [...merged, ...left.slice(l), ...right.slice(r)];
}

function pad(text: string | undefined, width: number, fill?: string): string | undefined {
  if (text === undefined) return undefined;
  const missing = Math.trunc(Math.abs(width)) - Array.from(text).length;
  if (missing <= 0) return text;
  if (missing > MAX_PADDED) {
    throw { code: "D3137", message: `$pad makes at most ${MAX_PADDED} characters`, stack: "" };
  }
  const characters = Array.from(fill || " ");
  const padding = Array.from({ length: missing }, (_, i) => characters[i % characters.length]);
  return width > 0 ? text + padding.join("") : padding.join("") + text;
}
