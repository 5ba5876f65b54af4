/** What the gateway knows of one request of a client before it has looked for its route. */
import type { Socket } from "node:net";
import { decodeText } from "../protocol/text-entries.ts";
import { hasWord, readBody, without } from "./http1/message.ts";
import type { RequestHead } from "./http1/read-request.ts";
import type { SocketReader } from "./http1/socket-reader.ts";
import type { HeaderLine } from "./http-message.ts";
import { ipBytes, plainAddress } from "./ip.ts";
import type { RequestOrigin } from "./variables.ts";
import { valuesOf } from "./wire-text.ts";

export interface ClientExchange {
  /** `performance.now()` when its head had been read. */
  readonly began: number;
  readonly head: RequestHead;
  readonly body: RequestBody;
  /** With what APISIX puts into every request. */
  readonly headers: readonly HeaderLine[];
  readonly origin: RequestOrigin;
  readonly remotePort: number;
  /** The client has gone, or says that it has. */
  readonly isGone: boolean;
}

export function clientExchange(
  socket: Socket,
  reader: SocketReader,
  head: RequestHead,
): ClientExchange {
  const serverPort = socket.localPort ?? 0;
  return {
    began: performance.now(),
    head,
    body: new RequestBody(socket, reader, head),
    headers: [
      ...without(head.headers, ...INJECTED),
      { name: "X-Forwarded-Proto", value: "http" },
      ...valuesOf(head.headers, "host").map((value) => ({ name: "X-Forwarded-Host", value })),
      { name: "X-Forwarded-Port", value: String(serverPort) },
    ],
    origin: {
      scheme: "http",
      remoteAddr: remoteAddress(plainAddress(socket.remoteAddress ?? ""), head.headers),
      serverAddr: plainAddress(socket.localAddress ?? ""),
      serverPort,
    },
    remotePort: socket.remotePort ?? 0,
    get isGone() {
      return socket.destroyed || reader.hasEnded;
    },
  };
}

/** A request's body: read only when something asks for it, and then all of it. */
export class RequestBody {
  #reading: Promise<Uint8Array> | undefined;
  #bytes: Uint8Array | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly reader: SocketReader,
    private readonly head: RequestHead,
  ) {}

  /** As far as somebody has read it. */
  get known(): Uint8Array | undefined {
    return this.#bytes;
  }

  get isExpected(): boolean {
    return this.head.framing.kind !== "none";
  }

  /** Rejects where the client breaks off or breaks the rules of HTTP. */
  read(): Promise<Uint8Array> {
    return (this.#reading ??= this.#read());
  }

  /**
   * Takes what has not been read off the connection. It is known then, though nobody asked for it.
   *
   * @returns whether the connection can carry another request
   */
  async discard(): Promise<boolean> {
    if (this.#reading || !this.isExpected) return true;
    if (this.#awaitsContinue) return false;
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of readBody(this.reader, this.head.framing)) {
      if ((length += piece.length) > DISCARDED_BYTES) return false;
      pieces.push(piece);
    }
    this.#bytes = Buffer.concat(pieces);
    return true;
  }

  get #awaitsContinue(): boolean {
    const { version, headers } = this.head;
    return version === "1.1" && hasWord(headers, "expect", "100-continue");
  }

  async #read(): Promise<Uint8Array> {
    if (this.isExpected && this.#awaitsContinue) {
      this.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    const pieces: Buffer[] = [];
    for await (const piece of readBody(this.reader, this.head.framing)) pieces.push(piece);
    return (this.#bytes = Buffer.concat(pieces));
  }
}

const INJECTED = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded"];
const DISCARDED_BYTES = 1 << 20;

/** APISIX believes `X-Real-IP` of a client on its own machine. */
function remoteAddress(peer: string, headers: readonly HeaderLine[]): string {
  const [given] = valuesOf(headers, "x-real-ip");
  const text = given === undefined ? "" : decodeText(given);
  return peer === "127.0.0.1" && ipBytes(text) ? text : peer;
}
