/** Tells cheaply whether a YAML text may hold a key twice, which `Bun.YAML` takes without a word. */

/**
 * False only when no mapping of the text holds a key twice: each key that was parsed is found in the text no more often
 * than that. True may be a false alarm, which costs a closer look.
 */
export function mayRepeatKeys(text: string, parsed: unknown): boolean {
  // A key may be written with escapes, or come from another place.
  if (/[\\*]|<</.test(text)) return true;
  const counts = new Map<string, number>();
  countKeys(parsed, counts);
  if (counts.size > 100) return true;
  const withoutComments = text.replace(/^\s*#.*$|^([^"'\n]*?\s)#.*$/gm, "$1");
  for (const [key, count] of counts) {
    const asKey = new RegExp(`(?<![^\\s{,["'])${RegExp.escape(key)}(?=["']?\\s*(?:[:,}]|$))`, "gm");
    if ((withoutComments.match(asKey) ?? []).length > count) return true;
  }
  return false;
}

function countKeys(value: unknown, counts: Map<string, number>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value)) counts.set(key, (counts.get(key) ?? 0) + 1);
    countKeys(member, counts);
  }
}
