/** Checks what plugins hand to a store. */
import { StoreValueError } from "./errors.ts";
import type { TakeOptions, TtlOptions } from "./store.ts";
import type { TakeRequest } from "./window.ts";

const MAX_KEY_BYTES = 16 * 1024;
const MAX_MS = 100 * 365 * 24 * 3600 * 1000;

/** @throws StoreValueError */
export function checkKey(key: unknown, what = "key"): string {
  if (typeof key !== "string")
    throw new StoreValueError(`${what} is ${show(key)}; allowed: a string`);
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MAX_KEY_BYTES) {
    throw new StoreValueError(
      `${what} has ${bytes} bytes; allowed: 1 to ${MAX_KEY_BYTES}; for longer ones use a hash of it`,
    );
  }
  // As UTF-8 two such keys could be one.
  if (!key.isWellFormed()) {
    throw new StoreValueError(
      `${what} holds half of a surrogate pair; allowed: well-formed Unicode`,
    );
  }
  return key;
}

/** @returns whole ms; undefined: for good */
export function ttlOf({ ttl }: TtlOptions = {}): number | undefined {
  return ttl === undefined ? undefined : milliseconds(ttl, "ttl");
}

/** What to add. */
export function checkBy(by: unknown): number {
  if (Number.isSafeInteger(by)) return Number(by);
  throw new StoreValueError(`by is ${show(by)}; allowed: a whole number within ±(2⁵³ - 1)`);
}

export function takeRequest({ limit, window, sliding = false, by = 1 }: TakeOptions): TakeRequest {
  return {
    limit: wholeNumber(limit, "limit", 1),
    window: milliseconds(window, "window"),
    sliding: sliding === true,
    by: wholeNumber(by, "by", 0),
  };
}

function milliseconds(value: unknown, name: string): number {
  if (typeof value === "number" && value > 0 && value <= MAX_MS) return Math.ceil(value);
  throw new StoreValueError(
    `${name} is ${show(value)}; allowed: ms, above 0 and at most ${MAX_MS} (100 years)`,
  );
}

function wholeNumber(value: unknown, name: string, min: number): number {
  if (Number.isSafeInteger(value) && Number(value) >= min) return Number(value);
  throw new StoreValueError(
    `${name} is ${show(value)}; allowed: a whole number from ${min} to 2⁵³ - 1`,
  );
}

function show(value: unknown): string {
  if (typeof value === "number" || value === undefined || value === null) return String(value);
  return `a ${typeof value}`;
}
