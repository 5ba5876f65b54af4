/** A response on its way to the client, in the order and the framing that nginx gives it. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { reasonPhrase } from "../error-page.ts";
import type { HeaderLine } from "../http-message.ts";
import { isNamed } from "../wire-text.ts";
import { chunkBytes, headBytes, LAST_CHUNK, without } from "./message.ts";
import type { RequestHead } from "./read-request.ts";
import { hasNoBody } from "./read-response.ts";

export interface OutgoingResponse {
  readonly status: number;
  /** Without date, server and connection, unless a runner has sent these on purpose. */
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /**
   * `length`: content-length is written from the body. `chunked`: as APISIX sends bodies of its own.
   * `as-is`: what the headers say, right or wrong.
   */
  readonly framing: "length" | "chunked" | "as-is";
  /** The connection ends afterwards. */
  readonly close?: boolean;
}

const SERVER = "apisix-bun-runner";

/**
 * Rejects with what the body throws; the client is then left with half a response, as nginx leaves it.
 *
 * @returns whether the connection can carry another request
 */
export async function writeResponse(
  socket: Socket,
  request: Pick<RequestHead, "method" | "version" | "keepAlive"> | undefined,
  response: OutgoingResponse,
  onBody?: (piece: Uint8Array) => void,
): Promise<boolean> {
  const { status, body } = response;
  const noBody = hasNoBody(request?.method ?? "GET", status);
  const framing = framingLines(request?.version ?? "1.1", response, noBody);
  const endsWithConnection = framing === "until-close";
  const keepAlive = request?.keepAlive === true && !response.close && !endsWithConnection;
  const lines = orderedLines(
    response.headers,
    framing === "until-close" ? [] : framing.lines,
    keepAlive,
  );
  await send(socket, headBytes(`HTTP/1.1 ${status} ${reasonPhrase(status)}`, lines));
  if (noBody) {
    await exhaust(body);
    return keepAlive;
  }
  const isChunked = framing !== "until-close" && framing.isChunked;
  for await (const piece of piecesOf(body)) {
    if (piece.length === 0) continue;
    onBody?.(piece);
    await send(socket, isChunked ? chunkBytes(piece) : piece);
  }
  if (isChunked) await send(socket, LAST_CHUNK);
  return keepAlive;
}

function framingLines(
  version: "1.0" | "1.1",
  { status, headers, body, framing }: OutgoingResponse,
  noBody: boolean,
): { lines: HeaderLine[]; isChunked: boolean } | "until-close" {
  const own = headers.some(
    (line) => isNamed(line, "content-length") || isNamed(line, "transfer-encoding"),
  );
  if (framing === "as-is" && own) return { lines: [], isChunked: false };
  if (status === 204 || status === 304) return { lines: [], isChunked: false };
  const isKnown = body === undefined || body instanceof Uint8Array;
  if (isKnown && (framing === "length" || version === "1.0")) {
    const value = String(body?.length ?? 0);
    return { lines: [{ name: "Content-Length", value }], isChunked: false };
  }
  if (noBody) return { lines: [], isChunked: false };
  if (version === "1.0") return "until-close";
  return { lines: [{ name: "Transfer-Encoding", value: "chunked" }], isChunked: true };
}

function orderedLines(
  headers: readonly HeaderLine[],
  framing: readonly HeaderLine[],
  keepAlive: boolean,
): HeaderLine[] {
  const isFirst = (line: HeaderLine): boolean =>
    isNamed(line, "date") || isNamed(line, "content-type") || line.name === "Content-Length";
  const date = headers.find((line) => isNamed(line, "date"));
  return [
    date ?? { name: "Date", value: new Date().toUTCString() },
    ...headers
      .filter((line) => isNamed(line, "content-type"))
      .map(({ value }) => ({ name: "Content-Type", value })),
    ...headers.filter((line) => line.name === "Content-Length"),
    ...framing,
    { name: "Connection", value: keepAlive ? "keep-alive" : "close" },
    ...without(
      headers.filter((line) => !isFirst(line)),
      "server",
    ),
    { name: "Server", value: SERVER },
  ];
}

async function* piecesOf(body: OutgoingResponse["body"]): AsyncGenerator<Uint8Array> {
  if (body === undefined) return;
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

/** The client does not get the body, but the upstream's connection is to be free again. */
async function exhaust(body: OutgoingResponse["body"]): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) return;
  for await (const _piece of body);
}

/** Waits for a slow client. */
async function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (!socket.destroyed && socket.write(bytes)) return;
  if (!socket.destroyed) {
    const ready = new AbortController();
    const { signal } = ready;
    await Promise.race([once(socket, "drain", { signal }), once(socket, "close", { signal })]);
    ready.abort();
  }
  if (socket.destroyed) throw new Error("the client went away");
}
