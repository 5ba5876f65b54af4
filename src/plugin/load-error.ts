/** Why a plugin file did not load, in one line that says where to look. */
import { inspect } from "node:util";

interface Position {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** @returns `cause (file:line:column)`; the file is named even where the error does not */
export function describeLoadError(error: unknown, file: string): string {
  const { message, file: where, line, column } = locateLoadError(error, file);
  const place = [where, line, column].filter((part) => part !== undefined).join(":");
  return `${message} (${place})`;
}

/** The cause in one line, and where it is; the file is there even where the error names none. */
export function locateLoadError(
  error: unknown,
  file: string,
): Position & { readonly message: string; readonly file: string } {
  // A file with several syntax errors rejects with all of them; the first explains the rest.
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  return { file, ...positionOf(first, file), message: messageOf(first) };
}

function messageOf(error: unknown): string {
  const message = error instanceof Error || isBuildMessage(error) ? error.message : inspect(error);
  return message.replaceAll(/\s*\n\s*/g, " ");
}

/** Bun's own syntax and resolve errors carry a position; any other error has one in its stack. */
function positionOf(error: unknown, file: string): Position {
  if (isBuildMessage(error) && error.position) return error.position;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frame = stack.split("\n").find((line) => line.includes(file));
  const match = frame && /:(\d+):(\d+)\)?$/.exec(frame.trim());
  return match ? { line: Number(match[1]), column: Number(match[2]) } : {};
}

interface BuildMessageLike {
  readonly message: string;
  readonly position?: Position | null;
}

function isBuildMessage(error: unknown): error is BuildMessageLike {
  return typeof error === "object" && error !== null && "position" in error && "message" in error;
}
