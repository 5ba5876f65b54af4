/** APISIX's end of a real connection: what is sent, and the frames that come back. */
import { decodeReply, type RunnerReply } from "../../src/gateway/decode-replies.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";

export class SocketEnd implements Disposable {
  readonly replies: RunnerReply[] = [];
  readonly #decoder = createFrameDecoder((type, payload) =>
    this.replies.push(decodeReply(type, payload)),
  );
  #socket!: Bun.Socket<undefined>;
  #left: Buffer = Buffer.alloc(0);
  #changed = Promise.withResolvers<void>();
  #isOpen = true;

  static async connect(path: string): Promise<SocketEnd> {
    const end = new SocketEnd();
    end.#socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_socket, chunk) => {
          end.#decoder.push(chunk);
          end.#change();
        },
        drain: () => end.#flush(),
        close: () => {
          end.#isOpen = false;
          end.#change();
        },
      },
    });
    return end;
  }

  /** False once the runner has closed it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(bytes: Uint8Array): void {
    this.#left = Buffer.concat([this.#left, bytes]);
    this.#flush();
  }

  /** Resolves when something has come since the last call, or the connection has gone. */
  async change(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #change(): void {
    this.#changed.resolve();
  }

  #flush(): void {
    const written = this.#socket.write(this.#left);
    this.#left = written < 0 ? Buffer.alloc(0) : this.#left.subarray(written);
  }
}
