/** One record: its level, message and fields, read once and shown as text. */
import { firstFrame, isError, stackOf } from "./errors.ts";
import { namesOf, read } from "./properties.ts";
import { ALWAYS_REDACTED, hides, REDACTED, type RedactedNames } from "./redact.ts";
import { clip, marked } from "./text.ts";
import { show, type Shown } from "./values.ts";

/** From the least to the most serious. */
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogRecord {
  readonly level: LogLevel;
  readonly message: Shown;
  readonly fields: ReadonlyMap<string, Shown>;
  /** How many fields there were beyond these. */
  readonly more: number;
  /** `file:line:column` where the first error among the fields was thrown. */
  readonly at?: string | undefined;
  /** The stack of that error. */
  readonly stack?: string | undefined;
}

/**
 * Merges layers of fields, later ones winning. A layer that is no object of fields, but an Error, a string or a list,
 * becomes a field by itself, `error` or `value`.
 *
 * @param redacted names whose values are not shown
 */
export function makeRecord(
  level: LogLevel,
  message: unknown,
  layers: readonly unknown[],
  redacted: RedactedNames = ALWAYS_REDACTED,
): LogRecord {
  const values = new Map<string, unknown>();
  let more = 0;
  for (const layer of layers) {
    if (layer === undefined || layer === null) continue;
    if (!isFields(layer)) values.set(isError(layer) ? "error" : "value", layer);
    else {
      const names = namesOf(layer);
      for (const name of names.slice(0, maxFields))
        values.set(name, read(layer, name, "[unreadable]"));
      more += Math.max(0, names.length - maxFields);
    }
  }
  const fields = new Map<string, Shown>();
  for (const [name, value] of values) {
    if (value === undefined) continue;
    const shown = show(hides(redacted, name) ? REDACTED : value, redacted);
    fields.set(marked(clip(name, maxNameBytes)), shown);
  }
  const error = [message, ...values.values()].find(isError);
  const record = { level, message: show(message, redacted), fields, more };
  return error === undefined ? record : { ...record, at: firstFrame(error), stack: stackOf(error) };
}

const maxFields = 200;
const maxNameBytes = 100;

function isFields(layer: unknown): layer is object {
  try {
    return (
      typeof layer === "object" && layer !== null && !isError(layer) && !(Symbol.iterator in layer)
    );
  } catch {
    return false;
  }
}
