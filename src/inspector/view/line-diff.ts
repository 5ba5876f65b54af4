/** What changed from one text to another, line by line. */

export interface Line {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** The work grows with the product of both; beyond this the middle is shown as a whole. */
const MAX_PRODUCT = 1_000_000;

export function lineDiff(before: string, after: string): Line[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) {
    end++;
  }
  return [
    ...lines("same", old.slice(0, start)),
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...lines("same", old.slice(old.length - end)),
  ];
}

function middle(old: readonly string[], now: readonly string[]): Line[] {
  if (old.length * now.length > MAX_PRODUCT) {
    return [...lines("removed", old), ...lines("added", now)];
  }
  const common = commonLengths(old, now);
  const result: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [was, is] = [old[i], now[j]];
    if (was !== undefined && was === is) {
      result.push({ kind: "same", text: was });
      i++;
      j++;
    } else if (was !== undefined && (is === undefined || common(i + 1, j) >= common(i, j + 1))) {
      result.push({ kind: "removed", text: was });
      i++;
    } else {
      result.push({ kind: "added", text: is ?? "" });
      j++;
    }
  }
  return result;
}

/** How many lines the rests from `i` and `j` on have in common, in order. */
function commonLengths(
  old: readonly string[],
  now: readonly string[],
): (i: number, j: number) => number {
  const width = now.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      table[i * width + j] =
        old[i] === now[j]
          ? (table[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0);
    }
  }
  return (i, j) => table[i * width + j] ?? 0;
}

function lines(kind: Line["kind"], texts: readonly string[]): Line[] {
  return texts.map((text) => ({ kind, text }));
}
