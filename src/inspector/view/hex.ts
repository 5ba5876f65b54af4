/** Bytes as people read them: offset, hexadecimal, and what of them is ASCII. */

const PER_LINE = 16;

/** @param base64 of the bytes; at most `lines` lines are made */
export function hexDump(base64: string, lines = 64): string {
  const bytes = bytesOf(base64);
  const dump: string[] = [];
  for (let at = 0; at < bytes.length && dump.length < lines; at += PER_LINE) {
    const part = bytes.slice(at, at + PER_LINE);
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = Array.from(part, (byte) =>
      byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·",
    ).join("");
    dump.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(PER_LINE * 3)} ${ascii}`);
  }
  const left = bytes.length - dump.length * PER_LINE;
  return left > 0 ? [...dump, `… ${left} more bytes`].join("\n") : dump.join("\n");
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
