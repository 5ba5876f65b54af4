/** A runner of a few lines: the test says what it does with each frame. */
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { TempDir } from "../support/temp-dir.ts";

export interface FakeConnection {
  /** Writes all of it in one go: for what the kernel takes at once. */
  write(...parts: Uint8Array[]): void;
  close(): void;
}

export type OnFrame = (type: number, payload: Buffer, connection: FakeConnection) => void;

export class FakeRunner implements Disposable {
  readonly #dir = new TempDir();
  readonly #listener: Bun.UnixSocketListener<undefined>;
  readonly path = this.#dir.file("runner.sock");

  constructor(onFrame: OnFrame) {
    const decoders = new WeakMap<object, { push(chunk: Uint8Array): void }>();
    this.#listener = Bun.listen({
      unix: this.path,
      socket: {
        open(socket) {
          const connection: FakeConnection = {
            write(...parts) {
              const bytes = Buffer.concat(parts);
              const written = socket.write(bytes);
              if (written !== bytes.length) throw new Error("too much for one write");
            },
            close: () => socket.end(),
          };
          decoders.set(
            socket,
            createFrameDecoder((type, payload) => onFrame(type, payload, connection)),
          );
        },
        data(socket, chunk) {
          decoders.get(socket)?.push(chunk);
        },
      },
    });
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
    this.#dir[Symbol.dispose]();
  }
}
