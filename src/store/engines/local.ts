/** The operations of engines that keep their entries within reach: each is one step over these. */
import type { StoreEngine } from "../errors.ts";
import type { Change, Engine, MaybePromise } from "../engine.ts";
import type { Counter } from "../store.ts";
import {
  fits,
  lifetime,
  type TakeRequest,
  type Window,
  windowAt,
  type WindowUse,
} from "../window.ts";
import { notANumber, notAWindow, outOfRange } from "./refusals.ts";

export interface Entry {
  readonly value: string;
  /** ms since the epoch; undefined: never */
  readonly expiresAt: number | undefined;
}

export interface Entries {
  /** Carries out all of it with nobody else in between, or fails and leaves all as it was. */
  atomically<T>(work: () => T): MaybePromise<T>;
  /** The same for what only reads. */
  reading<T>(work: () => T): MaybePromise<T>;
  /** Undefined for an entry whose time is up at `now`, too. */
  read(key: string, now: number): Entry | undefined;
  write(key: string, entry: Entry): void;
  remove(key: string): void;
  close(): void;
}

export class LocalEngine implements Engine {
  constructor(
    readonly name: StoreEngine,
    private readonly entries: Entries,
  ) {}

  get(key: string): MaybePromise<string | undefined> {
    return this.entries.reading(() => this.entries.read(key, Date.now())?.value);
  }

  set(key: string, value: string, ttl: number | undefined): MaybePromise<void> {
    return this.entries.atomically(() => this.#put(key, value, ttl, Date.now()));
  }

  delete(key: string): MaybePromise<boolean> {
    return this.entries.atomically(() => {
      const isThere = this.entries.read(key, Date.now()) !== undefined;
      if (isThere) this.entries.remove(key);
      return isThere;
    });
  }

  increment(key: string, by: number, ttl: number | undefined): MaybePromise<Counter> {
    return this.entries.atomically(() => {
      const now = Date.now();
      const entry = this.entries.read(key, now);
      const value = sum(entry?.value ?? "0", by);
      const begun = ttl === undefined ? undefined : now + ttl;
      const expiresAt = entry === undefined ? begun : entry.expiresAt;
      this.entries.write(key, { value: String(value), expiresAt });
      return { value, expiresIn: expiresAt === undefined ? undefined : expiresAt - now };
    });
  }

  compareAndSet(key: string, { expected, next, ttl }: Change): MaybePromise<boolean> {
    return this.entries.atomically(() => {
      const now = Date.now();
      if (this.entries.read(key, now)?.value !== expected) return false;
      if (next !== undefined) this.#put(key, next, ttl, now);
      else if (expected !== undefined) this.entries.remove(key);
      return true;
    });
  }

  take(key: string, request: TakeRequest): MaybePromise<WindowUse> {
    return this.entries.atomically(() => {
      const now = Date.now();
      const entry = this.entries.read(key, now);
      const window = windowAt(now, entry && windowOf(entry.value), request);
      const elapsed = now - window.began;
      const allowed = fits(window, elapsed, request);
      const taken = allowed ? window.taken + request.by : window.taken;
      if (taken > window.taken) {
        const value = `[${window.began},${taken},${window.before}]`;
        this.entries.write(key, { value, expiresAt: window.began + lifetime(request) });
      }
      return { allowed, taken, before: window.before, elapsed };
    });
  }

  close(): void {
    this.entries.close();
  }

  #put(key: string, value: string, ttl: number | undefined, now: number): void {
    this.entries.write(key, { value, expiresAt: ttl === undefined ? undefined : now + ttl });
  }
}

function sum(value: string, by: number): number {
  if (!/^-?\d+$/.test(value)) throw notANumber();
  const result = Number(value) + by;
  if (!Number.isSafeInteger(result)) throw outOfRange();
  return result;
}

/** What `take` keeps under a key: when the window began, what was taken in it, and what in the one before. */
function windowOf(value: string): Window {
  const [, began, taken, before] = /^\[(\d+),(\d+),(\d+)\]$/.exec(value) ?? [];
  if (began === undefined) throw notAWindow();
  return { began: Number(began), taken: Number(taken), before: Number(before) };
}
