/** Tells cheaply whether a YAML text may hold a key twice, which `Bun.YAML` takes without a word. */

/**
 * False only when no mapping of the text holds a key twice: each key that was parsed is found in the text no more often
 * than that. True may be a false alarm, which costs a closer look.
 */
export function mayRepeatKeys(text: string, parsed: unknown): boolean {
  // A key may be written with escapes, or come from another place.
  if (text.includes("\\") || text.includes("*") || text.includes("<<")) return true;
  const counts = new Map<string, number>();
  countKeys(parsed, counts);
  if (counts.size > 100) return true;
  const bare = text.includes("#") ? withoutComments(text) : text;
  for (const [key, count] of counts) if (timesAsKey(bare, key) > count) return true;
  return false;
}

function withoutComments(text: string): string {
  return text.replace(/^\s*#.*$|^([^"'\n]*?\s)#.*$/gm, "$1");
}

/** How often the key stands where a key may. Without a regular expression: a start would make one for each key. */
function timesAsKey(text: string, key: string): number {
  let times = 0;
  // An empty key may stand anywhere: such a file is looked at more closely.
  if (key === "") return Number.POSITIVE_INFINITY;
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + key.length)) {
    if (mayBeginKey(text, at) && mayEndKey(text, at + key.length)) times++;
  }
  return times;
}

function mayBeginKey(text: string, at: number): boolean {
  return at === 0 || " \t\r\n{,[\"'".includes(text[at - 1]!);
}

function mayEndKey(text: string, end: number): boolean {
  let at = end;
  if (text[at] === '"' || text[at] === "'") at++;
  while (text[at] === " " || text[at] === "\t") at++;
  return at === text.length || "\r\n:,}".includes(text[at]!);
}

function countKeys(value: unknown, counts: Map<string, number>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value)) counts.set(key, (counts.get(key) ?? 0) + 1);
    countKeys(member, counts);
  }
}
