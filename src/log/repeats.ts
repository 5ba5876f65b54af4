/** Counts records that repeat instead of printing them. */
import type { Clock } from "./clock.ts";
import type { LogRecord } from "./record.ts";

const windowMs = 10_000;
const maxTracked = 256;

interface Window {
  readonly record: LogRecord;
  readonly since: number;
  readonly cancel: () => void;
  more: number;
}

/**
 * Lets a record through once in 10 s and counts those that are the same in level, message and fields, whichever
 * request they belong to. When the 10 s are over, one record says how many there were.
 */
export class Repeats {
  readonly #windows = new Map<string, Window>();
  readonly #print: (record: LogRecord) => void;
  readonly #clock: Clock;
  #closed = false;

  constructor(print: (record: LogRecord) => void, clock: Clock) {
    this.#print = print;
    this.#clock = clock;
  }

  /** Whether the record is to be printed; if not, it has been counted. */
  admit(record: LogRecord): boolean {
    const subject = withoutRequest(record);
    const key = identity(subject);
    const window = this.#windows.get(key);
    if (window !== undefined) {
      window.more++;
      return false;
    }
    if (!this.#closed && this.#windows.size < maxTracked) {
      const cancel = this.#clock.after(windowMs, () => this.#end(key));
      this.#windows.set(key, { record: subject, since: this.#clock.now(), cancel, more: 0 });
    }
    return true;
  }

  /** Prints the counts there are; nothing is counted from here on. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#windows.keys()]) this.#end(key);
  }

  #end(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    window.cancel();
    this.#windows.delete(key);
    if (window.more === 0) return;
    const { record, since, more } = window;
    const seconds = Math.max(1, Math.round((this.#clock.now() - since) / 1000));
    const text = `… ${more} more in ${seconds} s: ${record.message.text}`;
    this.#print({ ...record, message: { ...record.message, text, json: false } });
  }
}

function withoutRequest(record: LogRecord): LogRecord {
  if (!record.fields.has("request")) return record;
  const fields = new Map(record.fields);
  fields.delete("request");
  return { ...record, fields };
}

/** Hashed, because the records may be long. */
function identity({ level, message, fields }: LogRecord): string {
  return String(Bun.hash(JSON.stringify([level, message, ...fields])));
}
