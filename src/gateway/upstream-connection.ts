/** A connection to an upstream's node: one request at a time, then perhaps another. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { headBytes, readBody } from "./http1/message.ts";
import { readResponseHead, type ResponseHead } from "./http1/read-response.ts";
import { SilenceError, SocketReader } from "./http1/socket-reader.ts";
import type { UpstreamRequest } from "./http-message.ts";
import type { Pooled } from "./idle-pool.ts";
import type { Timeouts, UpstreamNode } from "./routes/route.ts";

export interface UpstreamResponse extends ResponseHead {
  /** Piece by piece; throws where the upstream breaks off. To be read to its end, or the connection closed. */
  readonly body: AsyncIterable<Uint8Array>;
}

export class UpstreamConnection implements Pooled {
  readonly closed: Promise<void>;
  readonly #reader: SocketReader;
  #state: "idle" | "busy" | "used up" = "idle";
  #takenBefore = 0;

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.#reader = new SocketReader(socket);
  }

  /**
   * @param serverName for TLS; APISIX sends the `host` of the request and checks no certificate
   * @throws SilenceError where it takes too long
   */
  static async open(
    { host, port }: UpstreamNode,
    tls: { readonly serverName: string } | undefined,
    { connect: timeout }: Timeouts,
  ): Promise<UpstreamConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const name = tls && !isIP(tls.serverName) ? { servername: tls.serverName } : {};
    const socket = tls
      ? connectTls({ host, port, rejectUnauthorized: false, ...name }, resolve)
      : connectPlain({ host, port }, resolve);
    socket.setNoDelay(true);
    socket.once("error", reject);
    const timer = setTimeout(
      () => reject(new SilenceError(`${host}:${port} took no connection for ${timeout} ms`)),
      timeout,
    );
    try {
      await promise;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    socket.on("error", () => socket.destroy());
    return new UpstreamConnection(socket);
  }

  get isIdle(): boolean {
    return (
      this.#state === "idle" &&
      !this.socket.destroyed &&
      !this.#reader.hasEnded &&
      !this.#reader.hasUnread
    );
  }

  /** Whether bytes have come since the last request was sent. */
  get hasAnswered(): boolean {
    return this.#reader.taken > this.#takenBefore || this.#reader.hasUnread;
  }

  /** Resolves once the head of the response is there. */
  async send(request: UpstreamRequest, { read }: Timeouts): Promise<UpstreamResponse> {
    this.#state = "busy";
    this.#takenBefore = this.#reader.taken;
    const { method, target, headers, body } = request;
    const head = headBytes(`${method} ${target} HTTP/1.1`, headers);
    this.socket.write(body?.length ? Buffer.concat([head, body]) : head);
    this.#reader.timeout = read;
    const response = await readResponseHead(this.#reader, method);
    return { ...response, body: this.#body(response) };
  }

  close(): void {
    this.socket.destroy();
  }

  async *#body({ framing, keepAlive }: ResponseHead): AsyncGenerator<Buffer> {
    yield* readBody(this.#reader, framing);
    this.#state = keepAlive ? "idle" : "used up";
  }
}
