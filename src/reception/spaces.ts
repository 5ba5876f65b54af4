/** Spaces, and no others of the characters that `trim` takes for some: YAML does not. */

/** Where something else comes. */
export function endOfSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === " ") at++;
  return at;
}

/** Without those at both ends. */
export function withoutSpaces(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end--;
  return text.slice(endOfSpaces(text, 0), end);
}
