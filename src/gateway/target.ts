/** Request targets: into path and arguments as APISIX reads them, and back as it writes them. */
import type { WireEntry, WireText } from "../protocol/text-entries.ts";
import { fromLatin1, latin1Of } from "./wire-text.ts";

export interface Target {
  /** Percent-decoded and normalised. */
  readonly path: WireText;
  /** Percent-decoded. A value of `undefined` is that of `?a`, which is not `?a=`. */
  readonly args: readonly WireEntry[];
}

/** Thrown for a target that APISIX answers with 400 by itself, so that no runner ever sees it. */
export class InvalidTargetError extends Error {
  override readonly name = "InvalidTargetError";
}

/**
 * @param target as it stands on the request line: `/get?a=1`
 * @throws InvalidTargetError
 */
export function parseTarget(target: string): Target {
  if (!target.startsWith("/")) {
    throw new InvalidTargetError(`the target ${target} does not start with a slash`);
  }
  const [withoutFragment = ""] = latin1Of(target).split("#");
  const query = withoutFragment.indexOf("?");
  const path = query < 0 ? withoutFragment : withoutFragment.slice(0, query);
  return {
    path: fromLatin1(normalise(decodePath(path, target), target)),
    args: parseQuery(rawQuery(target)),
  };
}

/** Percent-encodes a path as APISIX does with one that a runner rewrote: `?` and `%` too. */
export function encodePath(path: WireText): string {
  return latin1Of(path).replace(/[\x00-\x20"#%<>?\\^`{|}\x7f-\xff]/g, percent);
}

/** A query without its question mark; empty where there are no arguments. */
export function encodeQuery(args: readonly WireEntry[]): string {
  return args
    .map(({ name, value }) =>
      value === undefined ? encodeArg(name) : `${encodeArg(name)}=${encodeArg(value)}`,
    )
    .join("&");
}

/** What follows the question mark, as it came. */
export function rawQuery(target: string): string {
  const [withoutFragment = ""] = target.split("#");
  const at = withoutFragment.indexOf("?");
  return at < 0 ? "" : withoutFragment.slice(at + 1);
}

function encodeArg(text: WireText): string {
  return latin1Of(text).replace(/[^A-Za-z0-9\-._~!'()*]/g, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function decodePath(path: string, target: string): string {
  if (/%(?![0-9a-f]{2})|%00/i.test(path)) {
    throw new InvalidTargetError(`the path of ${target} is not percent-encoded correctly`);
  }
  return percentDecode(path);
}

/** Merges slashes and resolves `.` and `..`. */
function normalise(path: string, target: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === ".." && kept.pop() === undefined) {
      throw new InvalidTargetError(`the path of ${target} leads above the root`);
    }
    if (segment !== "" && segment !== "." && segment !== "..") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** A query's arguments, percent-decoded. One without a name vanishes; a plus is a space; what is not percent-encoded right stays. */
export function parseQuery(query: string): WireEntry[] {
  const decode = (text: string): string => percentDecode(text.replaceAll("+", " "));
  return latin1Of(query)
    .split("&")
    .flatMap((argument) => {
      const equals = argument.indexOf("=");
      const name = decode(equals < 0 ? argument : argument.slice(0, equals));
      if (name === "") return [];
      const value = equals < 0 ? undefined : fromLatin1(decode(argument.slice(equals + 1)));
      return [{ name: fromLatin1(name), value }];
    });
}

/** Percent-decodes; a percent sign without two hexadecimal digits stays one. */
function percentDecode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
