/** One connection of APISIX: a call at a time, its questions answered, its reply awaited. */
import { decodeReply, type RunnerReply } from "../../src/gateway/decode-replies.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";

export interface SoakCall {
  readonly frame: Uint8Array;
  /** Frame that answers each question. */
  readonly answer?: Uint8Array;
}

export class SoakClient implements Disposable {
  readonly #decoder = createFrameDecoder((type, payload) => {
    const reply = decodeReply(type, payload);
    if (reply.kind === "question" && this.#answer !== undefined) this.#send(this.#answer);
    else this.#reply?.resolve(reply);
  });
  #socket!: Bun.Socket<undefined>;
  #left: Uint8Array = new Uint8Array();
  #answer: Uint8Array | undefined;
  #reply: PromiseWithResolvers<RunnerReply> | undefined;

  static async connect(path: string): Promise<SoakClient> {
    const client = new SoakClient();
    client.#socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_socket, chunk) => client.#decoder.push(chunk),
        drain: () => client.#flush(),
        close: () => client.#gone(),
        error: () => client.#gone(),
      },
    });
    return client;
  }

  /** @throws where the runner closes the connection instead of replying */
  call({ frame, answer }: SoakCall): Promise<RunnerReply> {
    this.#answer = answer;
    this.#reply = Promise.withResolvers();
    this.#send(frame);
    return this.#reply.promise;
  }

  /** Sends a call and goes. */
  abandon({ frame }: SoakCall): void {
    this.#reply = undefined;
    this.#send(frame);
    this.#socket.terminate();
  }

  [Symbol.dispose](): void {
    this.#reply = undefined;
    this.#socket.end();
  }

  #gone(): void {
    this.#reply?.reject(new Error("the runner closed a connection in the middle of a call"));
  }

  #send(bytes: Uint8Array): void {
    this.#left = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    this.#flush();
  }

  #flush(): void {
    const written = this.#socket.write(this.#left);
    this.#left = written < 0 ? new Uint8Array() : this.#left.subarray(written);
  }
}
