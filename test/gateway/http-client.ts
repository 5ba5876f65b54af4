/** A client that writes bytes and reads a response without making anything of it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  readonly statusLine: string;
  /** In their order; a character for each byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** There was a `100 Continue` before. */
  readonly continued: boolean;
}

export class RawClient implements Disposable {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(port: number, host: string) {
    this.socket = connect({ port, host });
    this.socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    for (const event of ["end", "error", "close"] as const) {
      this.socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  static async connect(port: number, host = "127.0.0.1"): Promise<RawClient> {
    const client = new RawClient(port, host);
    await once(client.socket, "connect");
    return client;
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves when the other side has ended. */
  async ended(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  /** @param method of the request, for what it says of the body */
  async response(method = "GET"): Promise<RawResponse> {
    const first = await this.#head();
    const continued = first.startsWith("HTTP/1.1 100 ");
    const [statusLine = "", ...lines] = (continued ? await this.#head() : first).split("\r\n");
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const status = Number(statusLine.split(" ")[1]);
    const body = await this.#body(method, status, headers);
    return { status, statusLine, headers, body, continued };
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #head(): Promise<string> {
    for (;;) {
      const at = this.#bytes.indexOf("\r\n\r\n");
      if (at >= 0) return this.#take(at + 4).toString("latin1", 0, at);
      if (this.#ended) throw new Error(`no response, but ${this.#bytes.toString("latin1")}`);
      await this.#more();
    }
  }

  async #body(
    method: string,
    status: number,
    headers: readonly (readonly [string, string])[],
  ): Promise<Buffer> {
    if (method === "HEAD" || status === 204 || status === 304) return Buffer.alloc(0);
    const value = (name: string): string | undefined =>
      headers.find(([one]) => one.toLowerCase() === name)?.[1];
    const encoding = value("transfer-encoding");
    // As curl: what it cannot decode it does not show.
    if (encoding !== undefined && encoding !== "chunked") return Buffer.alloc(0);
    if (encoding === "chunked") return this.#chunks();
    const length = value("content-length");
    if (length !== undefined) return this.#exactly(Number(length));
    await this.ended();
    return this.#take(this.#bytes.length);
  }

  async #chunks(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      let at = this.#bytes.indexOf("\r\n");
      for (; at < 0; at = this.#bytes.indexOf("\r\n")) {
        if (this.#ended) throw new Error("the last chunk did not come");
        await this.#more();
      }
      const length = Number.parseInt(this.#take(at + 2).toString("latin1"), 16);
      pieces.push(await this.#exactly(length));
      await this.#exactly(2);
      if (length === 0) return Buffer.concat(pieces);
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      if (this.#ended) throw new Error(`${this.#bytes.length} of ${length} bytes came`);
      await this.#more();
    }
    return this.#take(length);
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}

/** One request on a connection of its own. */
export async function exchange(
  port: number,
  request: string | Uint8Array,
  { method = "GET", host = "127.0.0.1" } = {},
): Promise<RawResponse> {
  using client = await RawClient.connect(port, host);
  client.write(request);
  return await client.response(method);
}
