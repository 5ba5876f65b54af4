/** One connection of the load client: whole frames in, frames out, however the socket cuts them. */
import { createFrameDecoder } from "../../../src/protocol/frame-decoder.ts";
import { whenReady } from "./when-ready.ts";

export interface ConnectionEvents {
  frame(connection: LoadConnection, type: number, payload: Buffer): void;
  closed(connection: LoadConnection): void;
}

export class LoadConnection {
  /** Of the call under way. */
  id = 0;
  /** ns of `Bun.nanoseconds()` when it began, or should have. */
  begun = 0;
  busy = false;
  #rest: Uint8Array | undefined;

  private constructor(private readonly socket: Bun.Socket<undefined>) {}

  static openWhenReady(path: string, events: ConnectionEvents): Promise<LoadConnection> {
    return whenReady(() => LoadConnection.open(path, events));
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
