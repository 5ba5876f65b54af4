/** What stands behind a store: texts under keys that have been checked, JSON that has been written. */
import type { StoreEngine } from "./errors.ts";
import type { Counter } from "./store.ts";
import type { TakeRequest, WindowUse } from "./window.ts";

export type MaybePromise<T> = T | Promise<T>;

/**
 * Each operation is atomic. It throws, or rejects with, StoreValueError where the value is of the wrong kind; whatever else comes
 * counts as a failure of the engine.
 */
export interface Engine {
  readonly name: StoreEngine;
  get(key: string): MaybePromise<string | undefined>;
  /** @param ttl ms */
  set(key: string, value: string, ttl: number | undefined): MaybePromise<void>;
  /** @returns whether there was one */
  delete(key: string): MaybePromise<boolean>;
  /** @param ttl ms, for a counter that begins */
  increment(key: string, by: number, ttl: number | undefined): MaybePromise<Counter>;
  /** @returns whether it was as expected */
  compareAndSet(key: string, change: Change): MaybePromise<boolean>;
  take(key: string, request: TakeRequest): MaybePromise<WindowUse>;
  close(): void;
}

export interface Change {
  /** Undefined: none. */
  readonly expected: string | undefined;
  /** Undefined: none. */
  readonly next: string | undefined;
  /** ms */
  readonly ttl: number | undefined;
}
