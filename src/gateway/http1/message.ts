/** What requests and responses of HTTP/1 have in common: a head, and a body in one of three framings. */
import type { HeaderLine } from "../http-message.ts";
import { fromLatin1, isNamed, latin1Of, valuesOf } from "../wire-text.ts";
import type { SocketReader } from "./socket-reader.ts";

/** What came breaks the rules of HTTP/1. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** How the end of a body is known. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

export const NO_BODY: Framing = { kind: "none" };

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The header lines up to the empty line, which is taken as well.
 *
 * @param limit bytes of all lines together
 */
export async function readHeaders(reader: SocketReader, limit: number): Promise<HeaderLine[]> {
  const lines: HeaderLine[] = [];
  let left = limit;
  for (;;) {
    const line = await reader.line(left);
    if (line === "") return lines;
    left -= line.length;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    if (!TOKEN.test(name)) throw new MalformedMessageError(`no header line: ${line.slice(0, 100)}`);
    lines.push({ name, value: fromLatin1(line.slice(colon + 1).trim()) });
  }
}

/**
 * What `transfer-encoding` and `content-length` say; `undefined` where there is neither.
 *
 * @throws MalformedMessageError
 */
export function declaredFraming(headers: readonly HeaderLine[]): Framing | undefined {
  const encodings = texts(headers, "transfer-encoding");
  const lengths = texts(headers, "content-length");
  if (encodings.length > 0) {
    if (encodings.length > 1 || encodings[0]?.toLowerCase() !== "chunked") {
      throw new MalformedMessageError(
        `the transfer-encoding ${encodings.join(", ")} is not chunked`,
      );
    }
    return { kind: "chunked" };
  }
  const [first] = lengths;
  if (first === undefined) return undefined;
  if (lengths.some((length) => length !== first) || !/^\d{1,15}$/.test(first)) {
    throw new MalformedMessageError(`the content-length ${lengths.join(", ")} is no length`);
  }
  return { kind: "length", length: Number(first) };
}

/** The body piece by piece, without its framing. Trailers are taken and dropped. */
export async function* readBody(reader: SocketReader, framing: Framing): AsyncGenerator<Buffer> {
  switch (framing.kind) {
    case "none":
      return;
    case "length":
      yield* exactly(reader, framing.length);
      return;
    case "chunked":
      yield* unchunked(reader);
      return;
    case "until-close":
      while (await reader.hasMore()) yield await reader.some(CHUNK_BYTES);
  }
}

/** Whether a list header, such as `connection`, has this word in it. */
export function hasWord(headers: readonly HeaderLine[], name: string, word: string): boolean {
  return texts(headers, name)
    .flatMap((value) => value.toLowerCase().split(","))
    .some((part) => part.trim() === word);
}

export function without(headers: readonly HeaderLine[], ...names: string[]): HeaderLine[] {
  return headers.filter((line) => !names.some((name) => isNamed(line, name)));
}

/** Head of a message as bytes: its first line, the headers in their order, an empty line. */
export function headBytes(firstLine: string, headers: readonly HeaderLine[]): Buffer {
  const lines = headers.map(({ name, value }) => `${latin1Of(name)}: ${latin1Of(value)}\r\n`);
  return Buffer.from(`${latin1Of(firstLine)}\r\n${lines.join("")}\r\n`, "latin1");
}

export function chunkBytes(data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
}

export const LAST_CHUNK: Buffer = Buffer.from("0\r\n\r\n");

const CHUNK_BYTES = 64 * 1024;

function texts(headers: readonly HeaderLine[], name: string): string[] {
  return valuesOf(headers, name).map(latin1Of);
}

async function* exactly(reader: SocketReader, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0;) {
    const bytes = await reader.some(Math.min(left, CHUNK_BYTES));
    left -= bytes.length;
    yield bytes;
  }
}

async function* unchunked(reader: SocketReader): AsyncGenerator<Buffer> {
  for (;;) {
    const line = await reader.line(CHUNK_LINE_BYTES);
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new MalformedMessageError(`no size of a chunk: ${line}`);
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    yield* exactly(reader, length);
    if ((await reader.line(CHUNK_LINE_BYTES)) !== "") {
      throw new MalformedMessageError("a chunk is longer than it says");
    }
  }
  await readHeaders(reader, TRAILER_BYTES);
}

const CHUNK_LINE_BYTES = 4096;
const TRAILER_BYTES = 16 * 1024;
