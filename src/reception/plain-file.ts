/** A config file as most are: sections of settings, a line each, and comments. */
import { areFolders, isOrdinary } from "./ordinary-values.ts";
import { endOfSpaces, withoutSpaces } from "./spaces.ts";

/** What such a file says that counts before the first call. */
export interface PlainFile {
  /** There may be more plugins than in the executable. */
  readonly hasFolders: boolean;
}

const FOLDERS = "plugins.dirs";

/** @returns undefined unless each line of the text is `section:`, `key: value`, a comment or empty, and each value an ordinary one */
export function plainFile(text: string): PlainFile | undefined {
  const seen = new Set<string>();
  let section: string | undefined;
  let indent = 0;
  let isEmpty = false;
  for (const line of text.split("\n")) {
    if (line.includes("#") && !isText(line)) return undefined;
    const start = endOfSpaces(line, 0);
    if (start === line.length || line[start] === "#") continue;
    const colon = line.indexOf(":", start);
    const value = colon < 0 ? undefined : valueAfter(line, colon + 1);
    if (value === undefined) return undefined;
    const key = start === 0 ? line.slice(0, colon) : `${section}.${line.slice(start, colon)}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    if (start === 0) {
      if (isEmpty || value !== "") return undefined;
      section = key;
      indent = 0;
    } else {
      // All keys of a section stand below each other.
      if (indent !== 0 && start !== indent) return undefined;
      if (key === FOLDERS ? !areFolders(value) : !isOrdinary(key, value)) return undefined;
      indent = start;
    }
    isEmpty = start === 0;
  }
  return isEmpty ? undefined : { hasFolders: seen.has(FOLDERS) };
}

/** Without quotes and comment; empty: there is none; undefined: it is written in some other way. */
function valueAfter(line: string, from: number): string | undefined {
  const start = endOfSpaces(line, from);
  if (start === from && start < line.length) return undefined;
  const quote = line[start];
  if (quote !== '"' && quote !== "'") {
    const comment = line.indexOf(" #", from);
    return withoutSpaces(line.slice(from, comment < 0 ? line.length : comment));
  }
  const end = line.indexOf(quote, start + 1);
  const value = line.slice(start + 1, end);
  const rest = endOfSpaces(line, end + 1);
  const isEnd = rest === line.length || (line[rest] === "#" && rest > end + 1);
  // In quotes a list is none, and a backslash means something.
  return end < 0 || !isEnd || value === "" || value[0] === "[" || value.includes("\\")
    ? undefined
    : value;
}

/** Without characters that a YAML text may not have, and without that which stands for bytes that are no UTF-8. */
function isText(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code < 0x20 || (code > 0x7e && code < 0xa0) || code === 0xfeff || code >= 0xfffd) {
      return false;
    }
  }
  return true;
}
