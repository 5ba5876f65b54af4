/** Finds entries by name, however many a client sends. */
import type { TextEntries } from "../protocol/text-entries.ts";

/** Up to so many entries looking at each is cheaper than an index, and a search costs what it did. */
const MAX_SCANNED = 32;

interface Index {
  /** The first position of a name. */
  readonly first: ReadonlyMap<string, number>;
  /** For each position the next one with the same name; -1: none. */
  readonly next: Int32Array;
}

/**
 * Positions by name. A plugin that looks up each name of a request takes a time that grows with their
 * number, not with its square.
 */
export class EntryLookup {
  readonly #base: TextEntries;
  readonly #ignoreCase: boolean;
  #index: Index | undefined;

  /** @param ignoreCase names are asked for in lower case and found in any */
  constructor(base: TextEntries, ignoreCase: boolean) {
    this.#base = base;
    this.#ignoreCase = ignoreCase;
  }

  /** The first entry with this name, or -1. */
  first(name: string): number {
    const base = this.#base;
    if (base.length <= MAX_SCANNED) return base.indexOf(name, 0, this.#ignoreCase);
    this.#index ??= this.#makeIndex();
    return this.#index.first.get(name) ?? -1;
  }

  /** The next one with the same name after `position`, where this lookup found that; or -1. */
  after(position: number, name: string): number {
    const index = this.#index;
    if (index === undefined) return this.#base.indexOf(name, position + 1, this.#ignoreCase);
    return index.next[position] ?? -1;
  }

  #makeIndex(): Index {
    const base = this.#base;
    const first = new Map<string, number>();
    const next = new Int32Array(base.length).fill(-1);
    for (let i = base.length - 1; i >= 0; i--) {
      const name = this.#ignoreCase ? base.name(i).toLowerCase() : base.name(i);
      next[i] = first.get(name) ?? -1;
      first.set(name, i);
    }
    return { first, next };
  }
}
