/** One end of the socket that two runners talk over: whole messages in, whole messages out. */
import { createOutbox } from "../outbox.ts";
import { encodeMessage, type GiverMessage, messageReader, type TakerMessage } from "./messages.ts";

/** The part of Bun's socket that a channel needs. */
export interface ChannelSocket {
  /** -1 when closed. */
  readonly fd: number;
  write(bytes: Uint8Array): number;
  terminate(): void;
}

/** The other end must not make us keep what it does not read, ms. */
const PATIENCE = 10_000;

/** @typeParam In what the other end says */
export class Channel<
  In extends GiverMessage | TakerMessage,
  Out extends GiverMessage | TakerMessage,
> {
  readonly #outbox;
  readonly #read: (chunk: Uint8Array) => void;
  #flushed: (() => void) | undefined;

  constructor(
    private readonly socket: ChannelSocket,
    onMessage: (message: In) => void,
  ) {
    this.#outbox = createOutbox(socket, () => this.#flushed?.());
    this.#read = messageReader(onMessage);
  }

  get isOpen(): boolean {
    return this.socket.fd >= 0;
  }

  send(message: Out): void {
    if (!this.isOpen) return;
    const { isEmpty, movedAt } = this.#outbox;
    if (!isEmpty && performance.now() - movedAt > PATIENCE) this.close();
    else this.#outbox.write(encodeMessage(message));
  }

  /** Resolves when all has been written, or cannot be; other things may happen meanwhile. */
  async flushed(): Promise<void> {
    if (this.#outbox.isEmpty || !this.isOpen) {
      await new Promise(setImmediate);
    } else {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#flushed = resolve;
      await promise;
    }
  }

  /** What cannot be read ends the conversation: the other end is no runner of this kind. */
  data(chunk: Uint8Array): void {
    try {
      this.#read(chunk);
    } catch {
      this.close();
    }
  }

  drain(): void {
    this.#outbox.drain();
  }

  close(): void {
    this.socket.terminate();
  }

  /** The socket has been closed, by whichever end. */
  closed(): void {
    this.#flushed?.();
  }
}
