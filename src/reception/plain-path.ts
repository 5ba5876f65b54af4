/** A path that is written as it is meant, wherever it stands: in a variable, on a command line, in a YAML file. */

const CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+-";

/** Absolute, not to be put in another way, and of characters that have no meaning of their own anywhere. */
export function isPlainPath(path: string): boolean {
  const isNormal = path[0] === "/" && !path.includes("/.") && !path.includes("//");
  return isNormal && !path.endsWith("/") && isOf(path, CHARACTERS);
}

/** Whether a text has no other characters. */
export function isOf(text: string, characters: string): boolean {
  for (let i = 0; i < text.length; i++) if (!characters.includes(text[i]!)) return false;
  return true;
}
