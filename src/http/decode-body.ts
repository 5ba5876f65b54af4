/** Undoes content codings, within a limit. Loaded when the first encoded body is read. */
import { promisify } from "node:util";
import zlib from "node:zlib";
import { BodyTooLargeError } from "./errors.ts";

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflate: Decode = promisify(zlib.inflate);
const inflateRaw: Decode = promisify(zlib.inflateRaw);

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify(zlib.gunzip),
  "x-gzip": promisify(zlib.gunzip),
  // Some servers send "deflate" without the zlib header that RFC 9110 asks for.
  deflate: (bytes, options) => (isZlib(bytes) ? inflate : inflateRaw)(bytes, options),
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
};

/** More are refused: each may cost as much as the limit, and a body can be made that decodes to itself. */
const MAX_CODINGS = 4;

/**
 * Undoes the codings of a `content-encoding` value, the last applied first.
 *
 * @param limit bytes that the result, and each step to it, may have
 * @throws BodyTooLargeError above the limit
 * @throws TypeError for a coding that is not known, and for too many; its `message` says which
 */
export async function decodeBody(
  bytes: Uint8Array,
  contentEncoding: string,
  limit: number,
): Promise<Uint8Array> {
  const codings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length > MAX_CODINGS) {
    throw new TypeError(
      `the body has ${codings.length} content-encodings, more than the ${MAX_CODINGS} that are undone; read rawBytes()`,
    );
  }
  let decoded = bytes;
  for (const coding of codings.reverse()) {
    decoded = await decodeOne(decoded, coding, limit);
  }
  return decoded;
}

async function decodeOne(bytes: Uint8Array, coding: string, limit: number): Promise<Uint8Array> {
  const decode = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (decode === undefined) {
    throw new TypeError(
      `content-encoding ${JSON.stringify(coding)} cannot be undone: gzip, deflate, br and zstd can; read rawBytes()`,
    );
  }
  try {
    return await decode(bytes, { maxOutputLength: limit });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw new BodyTooLargeError(limit);
    }
    throw new TypeError(`the body is not valid ${coding}`, { cause });
  }
}

/** RFC 1950: compression method 8, and a check that makes the first two bytes a multiple of 31. */
function isZlib(bytes: Uint8Array): boolean {
  const [cmf = 0, flg = 0] = bytes;
  return (cmf & 0x0f) === 8 && ((cmf << 8) | flg) % 31 === 0;
}
