/** Keeps what plugins and the runner log, so that a test can read it. */
import type { LogFields, Logger } from "../log/logger.ts";
import { textLine } from "../log/format.ts";
import { isError } from "../log/errors.ts";
import { type LogLevel, makeRecord } from "../log/record.ts";

/** One line of the log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** As the log shows them: plain values, an error as its name and message with its causes. */
  readonly fields: LogFields;
  /** The whole line as the runner writes it, but for its time. */
  readonly text: string;
}

/** A line, and the error among its fields itself. */
export interface KeptLine extends LogLine {
  readonly error?: Error | undefined;
}

/** A logger that writes nothing: every line of every level goes to `keep`, however often it repeats. */
export function keepingLogger(keep: (line: KeptLine) => void): Logger {
  return boundLogger([], keep);
}

function boundLogger(bound: readonly unknown[], keep: (line: KeptLine) => void): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      keep(lineOf(level, message, [...bound, fields]));
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    isEnabled: () => true,
    with: (fields) => boundLogger([...bound, fields], keep),
  };
}

function lineOf(level: LogLevel, message: string, layers: readonly unknown[]): KeptLine {
  const record = makeRecord(level, message, layers);
  const fields = Array.from(record.fields, ([name, { text, json }]): [string, unknown] => [
    name,
    json ? JSON.parse(text) : text,
  ]);
  return {
    level,
    message: record.message.text,
    fields: Object.fromEntries(fields),
    text: withoutTime(textLine(record, 0)),
    error: errorIn(layers),
  };
}

function withoutTime(line: string): string {
  return line.slice(line.indexOf(" ") + 1).trimEnd();
}

/** Last layer first: a record's own field stands for more than one of its logger. */
function errorIn(layers: readonly unknown[]): Error | undefined {
  for (const layer of layers.toReversed()) {
    if (isError(layer)) return layer;
    if (typeof layer === "object" && layer !== null && "error" in layer && isError(layer.error)) {
      return layer.error;
    }
  }
  return undefined;
}
