/** A file of requests that the gateway saw: a line of JSON each. */
import type { Inspected } from "./model.ts";

/** Another number where an older `replay` would misread the line. */
export const RECORDING_VERSION = 1;

export interface RecordedLine {
  readonly version: typeof RECORDING_VERSION;
  /** Without the values of Authorization and cookies. */
  readonly redacted: boolean;
  readonly request: Inspected;
}

export function recordedLine(request: Inspected, redacted: boolean): string {
  const line: RecordedLine = { version: RECORDING_VERSION, redacted, request };
  return `${JSON.stringify(line)}\n`;
}

/** The line is none that `replay` understands. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** @throws RecordingError */
export function readRecordedLine(text: string): RecordedLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw new RecordingError("it is no JSON", { cause });
  }
  if (!isLine(line)) throw new RecordingError("it is no request that dev --record wrote");
  if (line.version !== RECORDING_VERSION) {
    throw new RecordingError(
      `it is of version ${line.version}, and this apisix-bun-runner reads version ${RECORDING_VERSION}: record again`,
    );
  }
  return line;
}

function isLine(value: unknown): value is RecordedLine {
  if (typeof value !== "object" || value === null) return false;
  if (!("version" in value && "redacted" in value && "request" in value)) return false;
  const { request } = value;
  return (
    typeof request === "object" &&
    request !== null &&
    "phases" in request &&
    Array.isArray(request.phases)
  );
}
