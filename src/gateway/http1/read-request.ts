/** A client's request, read from its socket as nginx reads it. */
import type { HeaderLine } from "../http-message.ts";
import { fromLatin1, isNamed, latin1Of } from "../wire-text.ts";
import {
  declaredFraming,
  type Framing,
  hasWord,
  MalformedMessageError,
  NO_BODY,
  readHeaders,
} from "./message.ts";
import { LineTooLongError, type SocketReader } from "./socket-reader.ts";

export interface RequestHead {
  readonly method: string;
  /**
   * As it stands on the request line; one in absolute form without scheme and host. Bytes of a
   * target that is not UTF-8 are percent-encoded.
   */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly headers: readonly HeaderLine[];
  readonly framing: Framing;
  /** Of request line and headers, bytes. */
  readonly length: number;
  /** The client wants to send another request on this connection. */
  readonly keepAlive: boolean;
}

/** The request is answered before anything looks at it. */
export class RefusedRequestError extends Error {
  override readonly name = "RefusedRequestError";

  constructor(
    readonly status: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const LINE_BYTES = 64 * 1024;
const HEADERS_BYTES = 256 * 1024;

/**
 * @returns `undefined` where the client has nothing more to send
 * @throws RefusedRequestError with the status that nginx gives
 */
export async function readRequestHead(reader: SocketReader): Promise<RequestHead | undefined> {
  if (!(await reader.hasMore())) return undefined;
  try {
    const start = reader.taken;
    const { method, target, version } = await readRequestLine(reader);
    const headers = version === "0.9" ? [] : await readHeaders(reader, HEADERS_BYTES);
    if (version === "0.9") throw new RefusedRequestError(400, "HTTP/0.9 is not known here");
    checkHost(headers, version);
    return {
      method,
      target: originForm(target),
      version,
      headers,
      framing: declaredFraming(headers) ?? NO_BODY,
      length: reader.taken - start,
      keepAlive: hasWord(headers, "connection", version === "1.1" ? "close" : "keep-alive")
        ? version === "1.0"
        : version === "1.1",
    };
  } catch (cause) {
    if (cause instanceof LineTooLongError || cause instanceof MalformedMessageError) {
      throw new RefusedRequestError(400, cause.message, { cause });
    }
    throw cause;
  }
}

async function readRequestLine(
  reader: SocketReader,
): Promise<{ method: string; target: string; version: "0.9" | "1.0" | "1.1" }> {
  let line = await requestLine(reader);
  // Some clients send one line end too many after a body.
  if (line === "") line = await requestLine(reader);
  const parts = /^([A-Z_-]+) +([^ ].*?)(?: +HTTP\/(\d)\.(\d+))?$/.exec(line);
  if (!parts) throw new RefusedRequestError(400, `no request line: ${line.slice(0, 100)}`);
  const [, method = "", target = "", major, minor] = parts;
  if (major !== undefined && major !== "1") {
    throw new RefusedRequestError(505, `HTTP/${major}.${minor} is not known here`);
  }
  if (method === "CONNECT" || method === "TRACE") {
    throw new RefusedRequestError(405, `nginx refuses the method ${method}`);
  }
  const version = major === undefined ? "0.9" : minor === "0" ? "1.0" : "1.1";
  return { method, target, version };
}

async function requestLine(reader: SocketReader): Promise<string> {
  try {
    return await reader.line(LINE_BYTES);
  } catch (cause) {
    if (!(cause instanceof LineTooLongError)) throw cause;
    throw new RefusedRequestError(414, `the request line has more than ${LINE_BYTES} bytes`, {
      cause,
    });
  }
}

function originForm(target: string): string {
  const path = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)?.[1];
  const text = fromLatin1(
    path === undefined || path.startsWith("/") ? (path ?? target) : `/${path}`,
  );
  if (typeof text === "string") return text;
  return latin1Of(text).replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}

function checkHost(headers: readonly HeaderLine[], version: string): void {
  const hosts = headers.filter((line) => isNamed(line, "host"));
  if (hosts.length > 1) throw new RefusedRequestError(400, "the request has two host headers");
  if (hosts.length === 0 && version === "1.1") {
    throw new RefusedRequestError(400, "the request has no host header");
  }
}
