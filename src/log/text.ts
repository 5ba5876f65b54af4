/** Keeps text short and harmless: clips it to a number of bytes, escapes what acts on terminals and log readers. */

/** APISIX reads what its runner prints in pieces of at most so many bytes; a longer line would be torn. */
export const maxLineBytes = 3800;

/** The beginning of a text, and how many bytes of its UTF-8 form were left out behind it. */
export interface Clipped {
  readonly text: string;
  readonly omitted: number;
}

/**
 * Clips to whole characters of at most `room` bytes; what was left out before is counted too. A text that is longer by
 * no more than a marker would be stays whole.
 */
export function clip(text: string, room: number, omitted = 0): Clipped {
  if (text.length * 3 <= room) return { text, omitted };
  const size = Buffer.byteLength(text);
  if (size <= room + markerBytes) return { text, omitted };
  const bytes = Buffer.alloc(room);
  const { written } = new TextEncoder().encodeInto(text.slice(0, room), bytes);
  // Decoded from the bytes, because a slice would hold on to the whole of a long text.
  return { text: bytes.toString("utf8", 0, written), omitted: omitted + size - written };
}

const markerBytes = 24;

/** The clipped text with a marker that says how much is missing. */
export function marked({ text, omitted }: Clipped): string {
  return omitted === 0 ? text : `${text}… (${omitted} bytes left out)`;
}

// Control characters, halves of surrogate pairs, line separators, and marks that turn the direction of writing.
const hidden = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Spells hidden characters as JSON does (`\n`, `\u001b`), so that a text cannot pretend to be another line. */
export function escapeHidden(text: string): string {
  return text.replace(hidden, (character) => {
    const spelled = JSON.stringify(character).slice(1, -1);
    return spelled === character
      ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
      : spelled;
  });
}
