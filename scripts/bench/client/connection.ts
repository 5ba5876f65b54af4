/** One connection of the load client: whole frames in, frames out, however the socket cuts them. */
import { createFrameDecoder } from "../../../src/protocol/frame-decoder.ts";

export interface ConnectionEvents {
  frame(connection: LoadConnection, type: number, payload: Buffer): void;
  closed(connection: LoadConnection): void;
}

const MAX_TRIES = 200;
const TRY_MS = 5;

export class LoadConnection {
  /** Of the call under way. */
  id = 0;
  /** ns of `Bun.nanoseconds()` when it began, or should have. */
  begun = 0;
  busy = false;
  #rest: Uint8Array | undefined;

  private constructor(private readonly socket: Bun.Socket<undefined>) {}

  /** Tries again for a while: a server's socket file is there before it listens. */
  static async openWhenReady(path: string, events: ConnectionEvents): Promise<LoadConnection> {
    for (let tries = 0; ; tries++) {
      try {
        return await LoadConnection.open(path, events);
      } catch (error) {
        if (tries === MAX_TRIES) throw error;
        await Bun.sleep(TRY_MS);
      }
    }
  }

  static async open(path: string, events: ConnectionEvents): Promise<LoadConnection> {
    let connection: LoadConnection;
    const decoder = createFrameDecoder((type, payload) => events.frame(connection, type, payload));
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_socket, chunk) => decoder.push(chunk),
        drain: () => connection.#drain(),
        close: () => events.closed(connection),
        error: () => events.closed(connection),
      },
    });
    connection = new LoadConnection(socket);
    return connection;
  }

  write(frame: Uint8Array): void {
    const written = this.socket.write(frame);
    // The frame may be shared: what waits is a copy.
    if (written < frame.length) this.#rest = frame.slice(Math.max(written, 0));
  }

  #drain(): void {
    if (this.#rest === undefined) return;
    const written = this.socket.write(this.#rest);
    this.#rest =
      written < this.#rest.length ? this.#rest.subarray(Math.max(written, 0)) : undefined;
  }
}
