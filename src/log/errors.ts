/** What a line says of an Error: name, message, causes, and where it was thrown. */
import { read } from "./properties.ts";

export function isError(value: unknown): value is Error {
  try {
    // Error.isError knows those of another realm, instanceof those that Bun's loader throws.
    return Error.isError(value) || value instanceof Error;
  } catch {
    return false;
  }
}

const maxCauses = 8;
const maxParts = 3;

/**
 * `name: message`, each cause behind ` <- `, the errors of an AggregateError in brackets.
 *
 * @param textOf shows what is no Error
 */
export function describeError(error: Error, textOf: (value: unknown) => string): string {
  const chain: string[] = [];
  const seen = new Set<unknown>();
  for (let link: unknown = error; link !== undefined && link !== null;) {
    if (seen.has(link) || seen.size === maxCauses) return `${chain.join(" <- ")} <- …`;
    seen.add(link);
    chain.push(isError(link) ? headline(link, textOf) + partsOf(link, textOf) : textOf(link));
    link = isError(link) ? read(link, "cause") : undefined;
  }
  return chain.join(" <- ");
}

/** The stack as the engine wrote it. */
export function stackOf(error: Error): string | undefined {
  const stack = read(error, "stack");
  return typeof stack === "string" ? stack : undefined;
}

/**
 * `file:line:column` of the first stack frame outside of node_modules. Frames of plugins go first, because they name a
 * line that somebody can open and mend; those inside the executable stand in the stack as `src/…` or under `/$bunfs/`.
 */
export function firstFrame(error: Error): string | undefined {
  const places = (stackOf(error) ?? "")
    .slice(0, 20_000)
    .split("\n")
    .filter((line) => line.length < 1000 && !line.includes("/node_modules/"))
    .flatMap((line) => /^\s*at (?:.*\()?(\S+:\d+:\d+)\)?$/.exec(line)?.[1] ?? [])
    // Constructors that a class does not write itself stand in the stack as "unknown".
    .filter((place) => !place.startsWith("unknown:"));
  return places.find((place) => !/^src\/|\/\$bunfs\//.test(place)) ?? places[0];
}

function headline(error: Error, textOf: (value: unknown) => string): string {
  const name = textOf(read(error, "name") ?? "Error");
  const message = textOf(read(error, "message") ?? "");
  return message === "" ? name : `${name}: ${message}`;
}

function partsOf(error: Error, textOf: (value: unknown) => string): string {
  const errors = read(error, "errors");
  if (!Array.isArray(errors) || errors.length === 0) return "";
  const parts = errors
    .slice(0, maxParts)
    .map((part) => (isError(part) ? headline(part, textOf) : textOf(part)));
  if (errors.length > maxParts) parts.push(`${errors.length - maxParts} more`);
  return ` [${parts.join("; ")}]`;
}
