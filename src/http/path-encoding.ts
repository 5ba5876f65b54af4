/** Paths as APISIX encodes them: a rewritten one reaches the runner percent-encoded, and is encoded again when it is sent. */

const PERCENT = 0x25;

/**
 * The path with its percent-encoding undone, so that APISIX encodes it as it was.
 *
 * APISIX escapes as nginx does (`ngx_escape_uri` with `NGX_ESCAPE_URI`), which leaves reserved characters alone: an encoded slash,
 * say, would come out as a slash.
 *
 * @returns undefined where it would come out as another path
 */
export function decodedPath(encoded: Uint8Array): Uint8Array | undefined {
  const decoded = new Uint8Array(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    const byte = encoded[at]!;
    if (byte !== PERCENT) {
      decoded[length++] = byte;
      continue;
    }
    const value = byteAt(encoded, at + 1);
    if (value === undefined || RESERVED.includes(String.fromCharCode(value))) return undefined;
    decoded[length++] = value;
    at += 2;
  }
  return decoded.subarray(0, length);
}

/** What two hexadecimal digits say. */
function byteAt(bytes: Uint8Array, at: number): number | undefined {
  const high = digitOf(bytes[at]);
  const low = digitOf(bytes[at + 1]);
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function digitOf(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}

/**
 * What nginx leaves alone, and what means something else without the encoding (RFC 3986, section 2.2). Of the other reserved characters
 * nginx encodes `#` and `?`; `"`, `<`, `>`, `\`, `^`, a backtick, `{`, `|` and `}`, which may not stand in a path, from 1.21.1 on: an older
 * one had not encoded them before either.
 */
const RESERVED = "!$&'()*+,/:;=@[]";
