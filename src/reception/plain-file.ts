/** A config file as most are: sections of settings, a line each, and comments. */
import { isOrdinary } from "./ordinary-values.ts";
import { endOfSpaces, withoutSpaces } from "./spaces.ts";

/** Whether each line of the text is `section:`, `key: value`, a comment or empty, and each value an ordinary one. */
export function isPlainFile(text: string): boolean {
  const seen = new Set<string>();
  let section: string | undefined;
  let indent = 0;
  let isEmpty = false;
  for (const line of text.split("\n")) {
    if (line.includes("#") && !isText(line)) return false;
    const start = endOfSpaces(line, 0);
    if (start === line.length || line[start] === "#") continue;
    const colon = line.indexOf(":", start);
    const value = colon < 0 ? undefined : valueAfter(line, colon + 1);
    if (value === undefined) return false;
    const key = start === 0 ? line.slice(0, colon) : `${section}.${line.slice(start, colon)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    if (start === 0) {
      if (isEmpty || value !== "") return false;
      section = key;
      indent = 0;
    } else {
      // All keys of a section stand below each other.
      if ((indent !== 0 && start !== indent) || !isOrdinary(key, value)) return false;
      indent = start;
    }
    isEmpty = start === 0;
  }
  return !isEmpty;
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

/** Without characters that a YAML text may not have. */
function isText(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code < 0x20 || (code > 0x7e && code < 0xa0) || code >= 0xd800) return false;
  }
  return true;
}
