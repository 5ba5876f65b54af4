/** Puts a text where it can be pasted from. */

/** @returns whether the browser lets it */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
