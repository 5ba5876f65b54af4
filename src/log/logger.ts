/** What the runner says of itself: leveled records with fields, one short line each. */
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import type { LogLevel, LogRecord } from "./record.ts";
import { openSink, type Sink } from "./sink.ts";

export type { LogLevel, LogRecord } from "./record.ts";

/**
 * What a record carries beside its message. A field that is undefined is left out; an `Error` is shown with its causes.
 * Values are read when the record is written, not when the logger is made.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes records. No method ever throws, whatever it is given, and each works without its object:
 * `promise.catch(log.error)`.
 *
 * @example
 * log.warn("conf was refused", { plugin: "say", route: "route#1", error });
 * // 2026-11-22T15:10:40.123Z warn conf was refused plugin=say route=route#1 error="TypeError: body is missing" at=/plugins/say.ts:4:9
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether records of this level are written: worth asking where making the fields is work. */
  isEnabled(level: LogLevel): boolean;
  /** A logger that adds these fields to each record. A record's own field of the same name wins. */
  with(fields: LogFields): Logger;
}

export interface LogSettings {
  /** The least serious level that is written. */
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** A file to append to, made with mode 0640. Without it records go to stderr. */
  readonly file?: string | undefined;
  /** Names of headers and fields whose values are not shown, beside `authorization`, `cookie` and their like. */
  readonly redact?: readonly string[] | undefined;
}

/** The log itself, which its owner opens and closes; loggers made by `with` belong to it. */
export interface Log extends Logger {
  /**
   * Takes other settings, for the loggers that are there as well. A file that keeps its name is opened again.
   *
   * @throws {Error} naming path and cause when another file cannot be opened; then nothing has changed.
   */
  configure(settings: LogSettings): void;
  /** Opens the file again under its name, for logrotate. Should that fail, the old file stays in use and says so. */
  reopen(): void;
  /** Writes what is still counted and closes the file; later records go to stderr. */
  close(): void;
}

/** What a test puts in place of the system's clock and of stderr or the file, and who else is to see the records. */
export interface LogSeams {
  readonly clock?: Clock;
  readonly sink?: Sink;
  /** Sees every record of a level that is written, repeats included. It must not throw. */
  readonly onRecord?: ((record: LogRecord) => void) | undefined;
}

/**
 * Opens the log. Close it before the process ends, so that repeats still being counted are told.
 *
 * - A line has at most 3800 bytes with its newline; long values are cut and say how many bytes were left out.
 * - Records alike in level, message and fields (`request` apart) are written once in 10 s, then counted.
 * - A record that cannot be written is dropped, and the next one that can be is preceded by how many were.
 *
 * @throws {Error} naming path and cause when the file cannot be opened.
 */
export function createLogger(
  settings: LogSettings,
  { clock, sink: firstSink = openSink(settings.file), onRecord }: LogSeams = {},
): Log {
  let sink = firstSink;
  let current = settings;
  const threshold: Threshold = { severity: severity[settings.level] };
  let journal: Journal | undefined;
  /** Made with the first record: a start mostly has none, and does not wait for the code that writes them. */
  const opened = (): Journal => {
    const { Journal }: typeof import("./journal.ts") = require("./journal.ts");
    return (journal ??= new Journal({ settings: current, sink, clock, onRecord }));
  };
  const root = boundLogger(threshold, [], (level, message, layers) =>
    (journal ?? opened()).add(level, message, layers),
  );
  const reopen = () => {
    try {
      sink.reopen();
    } catch (error) {
      root.error("the log goes on in the old file", { error });
    }
  };
  return {
    ...root,
    configure(changed) {
      const before = sink;
      if (changed.file === current.file) reopen();
      else sink = openSink(changed.file);
      current = changed;
      if (journal !== undefined) journal.change(changed, sink);
      else if (sink !== before) before.close();
      threshold.severity = severity[changed.level];
    },
    reopen,
    // What comes after is written as well, by a journal that knows that it is closed.
    close: () => (journal ?? opened()).close(),
  };
}

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

type Emit = (level: LogLevel, message: unknown, layers: readonly unknown[]) => void;

/** What all loggers of a log read at each record, so that a change reaches them. */
interface Threshold {
  severity: number;
}

/** Closures, not a class: `promise.catch(log.error)` has to work, and it costs 25 ns a logger. */
function boundLogger(threshold: Threshold, bound: readonly unknown[], emit: Emit): Logger {
  return {
    debug: (message, fields) => {
      if (threshold.severity <= severity.debug) emit("debug", message, [...bound, fields]);
    },
    info: (message, fields) => {
      if (threshold.severity <= severity.info) emit("info", message, [...bound, fields]);
    },
    warn: (message, fields) => {
      if (threshold.severity <= severity.warn) emit("warn", message, [...bound, fields]);
    },
    error: (message, fields) => {
      if (threshold.severity <= severity.error) emit("error", message, [...bound, fields]);
    },
    isEnabled: (level) => threshold.severity <= severity[level],
    with: (fields) => boundLogger(threshold, [...bound, fields], emit),
  };
}
