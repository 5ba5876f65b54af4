/** Brings records to the sink; those it does not take are counted and told later. */
import type { Clock } from "./clock.ts";
import type { Format } from "./format.ts";
import { type LogRecord, makeRecord } from "./record.ts";
import type { Sink } from "./sink.ts";

export class Output {
  #sink: Sink;
  #format: Format;
  readonly #clock: Clock;
  #lost = 0;
  #cause = "";
  /** The sink took part of a line and refused the rest. */
  #torn = false;

  constructor(sink: Sink, format: Format, clock: Clock) {
    this.#sink = sink;
    this.#format = format;
    this.#clock = clock;
  }

  write(record: LogRecord): void {
    if (!this.#tellLoss() || !this.#send(record)) this.#lost++;
  }

  /** Counts a record that could not even be made. */
  drop(error: unknown): void {
    this.#lost++;
    this.#cause = reasonOf(error);
  }

  /** Later records take another form, and another way where the sink is not the one there is. */
  change(format: Format, sink: Sink): void {
    this.#format = format;
    if (sink === this.#sink) return;
    this.close();
    this.#sink = sink;
    this.#torn = false;
  }

  close(): void {
    this.#tellLoss();
    try {
      this.#sink.close();
    } catch {
      // Closing can only report a late failure of the disk, and the log is gone.
    }
  }

  #tellLoss(): boolean {
    if (this.#lost === 0) return true;
    const fields = { lost: this.#lost, cause: this.#cause };
    const told = this.#send(makeRecord("warn", "log records could not be written", [fields]));
    if (told) this.#lost = 0;
    return told;
  }

  #send(record: LogRecord): boolean {
    try {
      const line = this.#format(record, this.#clock.now());
      let bytes: Uint8Array = Buffer.from(this.#torn ? `\n${line}` : line);
      while (bytes.length > 0) {
        const written = this.#sink.write(bytes);
        if (written <= 0) throw new Error("the system took no bytes");
        bytes = bytes.subarray(written);
        this.#torn = bytes.length > 0;
      }
      return true;
    } catch (error) {
      this.#cause = reasonOf(error);
      return false;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
