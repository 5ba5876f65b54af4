/** Bodies: what a plugin may set, and the ways to read one. */
import { HttpError, ProtocolLimitError } from "./errors.ts";
import type { ByteVector } from "../protocol/byte-vector.ts";
import { MAX_PAYLOAD_BYTES } from "../protocol/frame.ts";

/** What a body can be set to. Text is sent as UTF-8. */
export type BodySource = string | ArrayBuffer | ArrayBufferView;

/**
 * The bytes of a body that replaces another.
 *
 * @throws ProtocolLimitError for an empty one, which APISIX ignores, and for one that fits into no frame
 */
export function replacementBytes(body: BodySource, of: string): Uint8Array {
  const bytes = bodyBytes(body);
  if (bytes.length === 0) {
    throw new ProtocolLimitError(
      `the ${of} body cannot be replaced by an empty one: APISIX would keep the old body; send at least one byte, or stop`,
    );
  }
  return bytes;
}

/**
 * The same, but text stays text until it is sent: see {@link bodyToSend}.
 *
 * @throws ProtocolLimitError likewise
 */
export function replacement(body: BodySource, of: string): Uint8Array | string {
  const isText = typeof body === "string" && body !== "";
  return isText ? bodyToSend(body) : replacementBytes(body, of);
}

/**
 * A body as it is kept until it is sent: text is then encoded into the reply itself.
 *
 * @throws ProtocolLimitError for what is no body, and for one that fits into no frame
 */
export function bodyToSend(body: BodySource): Uint8Array | string {
  // Three bytes a unit at most: so the length of a text is looked for only where it counts.
  return typeof body === "string" && body.length * 3 <= MAX_PAYLOAD_BYTES ? body : bodyBytes(body);
}

/** @throws ProtocolLimitError for what is no body, and for one that fits into no frame */
export function bodyBytes(body: BodySource): Uint8Array {
  const bytes = toBytes(body);
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new ProtocolLimitError(
      `a body of ${bytes.length} bytes cannot be sent: a frame carries at most ${MAX_PAYLOAD_BYTES}`,
    );
  }
  return bytes;
}

function toBytes(body: BodySource): Uint8Array {
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }
  throw new ProtocolLimitError(
    `a body is a string, an ArrayBuffer or a view of one, not ${describe(body)}; JSON.stringify() an object`,
  );
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value === "object" ? "an object" : typeof value;
}

const UTF8 = new TextDecoder();

/** What the web leaves out at the beginning of a text. */
const BYTE_ORDER_MARK = 0xfeff;

/** A body as text, as the web does it: U+FFFD for what is not UTF-8, without a byte order mark. */
export function bodyText(body: Uint8Array | string): string {
  return typeof body === "string" ? withoutMark(body.toWellFormed()) : UTF8.decode(body);
}

/** The same for a body that has only just come: nobody needs a view of its bytes for that. */
export function receivedText(body: ByteVector | undefined): string {
  return withoutMark(body?.text() ?? "");
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

export function receivedBytes(body: ByteVector | undefined): Uint8Array {
  return body?.bytes ?? new Uint8Array(0);
}

/** Thrown by `request.json()`: the client's fault, so it stops with 400 unless a plugin catches it. */
export class InvalidJsonError extends HttpError {
  override readonly name = "InvalidJsonError";

  constructor(cause: unknown) {
    super(400, "the request body is not valid JSON", { cause });
  }
}
