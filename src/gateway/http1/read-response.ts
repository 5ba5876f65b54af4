/** An upstream's response, read from its socket. */
import type { HeaderLine } from "../http-message.ts";
import {
  declaredFraming,
  type Framing,
  hasWord,
  MalformedMessageError,
  NO_BODY,
  readHeaders,
} from "./message.ts";
import type { SocketReader } from "./socket-reader.ts";

export interface ResponseHead {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly framing: Framing;
  /** The connection can carry another request. */
  readonly keepAlive: boolean;
}

/**
 * The head of the final response: informational ones are skipped.
 *
 * @param method of the request, for what it says of the body
 */
export async function readResponseHead(
  reader: SocketReader,
  method: string,
): Promise<ResponseHead> {
  for (;;) {
    const line = await reader.line(LINE_BYTES);
    const parts = /^HTTP\/1\.(\d) +(\d{3})(?: |$)/.exec(line);
    if (!parts) throw new MalformedMessageError(`no status line: ${line.slice(0, 100)}`);
    const [, minor, digits] = parts;
    const status = Number(digits);
    const headers = await readHeaders(reader, HEADERS_BYTES);
    if (status < 200) continue;
    const framing = hasNoBody(method, status)
      ? NO_BODY
      : (declaredFraming(headers) ?? { kind: "until-close" });
    const keepAlive =
      minor !== "0" && framing.kind !== "until-close" && !hasWord(headers, "connection", "close");
    return { status, headers, framing, keepAlive };
  }
}

export function hasNoBody(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}

const LINE_BYTES = 64 * 1024;
const HEADERS_BYTES = 256 * 1024;
