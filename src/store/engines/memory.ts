/** The engine `memory`: a map in this process, and no bigger than it may be. */
import type { Entries, Entry } from "./local.ts";

export interface MemoryOptions {
  /** Bytes that keys and values may take, about. */
  limit(): number;
  /** Called when entries had to go before their time; the first time, and then at most once a minute. */
  onEvicted?(message: string): void;
}

/** What an entry takes beside the characters of its key and value, in bytes: measured, for many small ones. */
const ENTRY_BYTES = 160;

/** How many entries each write looks at, to drop those whose time is up: so the dead never outnumber the living for long. */
const LOOKED_AT = 2;

const REPORT_EVERY_MS = 60_000;

export class MemoryEntries implements Entries {
  /** In the order in which they were last used, so that the idle ones come first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #expiring: Iterator<[string, Entry]> | undefined;
  #reportedAt = -Infinity;

  constructor(private readonly options: MemoryOptions) {}

  /** How many there are, those included whose time is up and that nobody has looked at. */
  get size(): number {
    return this.#entries.size;
  }

  atomically<T>(work: () => T): T {
    return work();
  }

  reading<T>(work: () => T): T {
    return work();
  }

  read(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (isOver(entry, now)) {
      this.#bytes -= bytesOf(key, entry);
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry;
  }

  write(key: string, entry: Entry): void {
    this.remove(key);
    this.#entries.set(key, entry);
    this.#bytes += bytesOf(key, entry);
    this.#dropExpired();
    if (this.#bytes > this.options.limit()) this.#evict();
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= bytesOf(key, entry);
  }

  close(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** Goes on where the write before stopped, round and round. */
  #dropExpired(): void {
    const now = Date.now();
    for (let i = 0; i < LOOKED_AT; i++) {
      this.#expiring ??= this.#entries.entries();
      const next = this.#expiring.next();
      if (next.done === true) {
        this.#expiring = undefined;
        return;
      }
      const [key, entry] = next.value;
      if (isOver(entry, now)) this.remove(key);
    }
  }

  /** The last one used stays, however big it is. */
  #evict(): void {
    const limit = this.options.limit();
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= limit || this.#entries.size === 1) break;
      this.remove(key);
    }
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.options.onEvicted?.(
      `the store in memory is full (${limit} bytes): the entries that were not used for longest go; raise store.memory`,
    );
  }
}

function isOver({ expiresAt }: Entry, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function bytesOf(key: string, { value }: Entry): number {
  return ENTRY_BYTES + key.length + value.length;
}
