/** Makes records, holds back those that repeat, and has the rest written. */
import { type Clock, systemClock } from "./clock.ts";
import { type Format, jsonLine, textLine } from "./format.ts";
import type { LogSeams, LogSettings } from "./logger.ts";
import { Output } from "./output.ts";
import { type LogLevel, makeRecord } from "./record.ts";
import { redactedNames } from "./redact.ts";
import { Repeats } from "./repeats.ts";
import type { Sink } from "./sink.ts";

export interface JournalOptions {
  readonly settings: LogSettings;
  readonly sink: Sink;
  readonly clock: Clock | undefined;
  readonly onRecord: LogSeams["onRecord"];
}

export class Journal {
  readonly #output: Output;
  readonly #repeats: Repeats;
  readonly #onRecord: LogSeams["onRecord"];
  #redacted;
  /** A getter among the fields that logs would get here again, without end. */
  #isBusy = false;

  constructor({ settings, sink, clock = systemClock(), onRecord }: JournalOptions) {
    this.#output = new Output(sink, formatOf(settings), clock);
    this.#repeats = new Repeats((record) => this.#output.write(record), clock);
    this.#redacted = redactedNames(settings.redact);
    this.#onRecord = onRecord;
  }

  /** Never throws. */
  add(level: LogLevel, message: unknown, layers: readonly unknown[]): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const record = makeRecord(level, message, layers, this.#redacted);
      this.#onRecord?.(record);
      if (this.#repeats.admit(record)) this.#output.write(record);
    } catch (error) {
      this.#output.drop(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Later records follow other settings, and go to another sink where it is not the one there is. */
  change(settings: LogSettings, sink: Sink): void {
    this.#redacted = redactedNames(settings.redact);
    this.#output.change(formatOf(settings), sink);
  }

  /** Writes what is still counted and closes the sink. */
  close(): void {
    this.#repeats.close();
    this.#output.close();
  }
}

function formatOf({ format }: LogSettings): Format {
  return format === "json" ? jsonLine : textLine;
}
