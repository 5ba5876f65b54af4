/** The connections that this process serves: adopts them, answers on them, lets go of them. */
import type { Runner } from "../rpc/runner.ts";
import { type ByteSocket, Connection } from "./connection.ts";
import { OwnConnections, type Transferable, type TransferableSocket } from "./handover/estate.ts";
import type { Keeper } from "./keeper.ts";
import { type Standstill, standStill } from "./standstill.ts";

/**
 * How long a connection must have been idle before it is closed in favour of a successor that cannot
 * take it. APISIX fails a request whose pooled connection goes while it is written; at 30 ms none of
 * 76 000 did.
 */
const IDLE_MS = 30;

/** APISIX itself gives up on a socket that takes or gives nothing for this long. */
const STALL_MS = 60_000;

/** How often within that time connections are looked at. */
const STALL_CHECKS = 12;

interface ServerSocket extends ByteSocket, TransferableSocket {
  /** The peer finds the end behind what was written, and can still write. */
  shutdown(): void;
  data: Connection | undefined;
}

export class Connections implements Keeper<Connection | undefined> {
  /** Called when the number of connections has changed. */
  onCount: (() => void) | undefined;
  readonly #open = new Map<Connection, ServerSocket>();
  readonly #own = new OwnConnections(this.#open);
  readonly handler = this.#handler();

  /** @param stallTime ms after which a connection is closed that stalls in the middle of a frame */
  constructor(
    private readonly runner: Runner,
    private readonly stallTime = STALL_MS,
  ) {
    setInterval(() => this.#closeStalled(), stallTime / STALL_CHECKS).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  get busy(): number {
    return [...this.#open.keys()].filter((connection) => !connection.isIdle).length;
  }

  set onIdle(onIdle: (() => void) | undefined) {
    this.#own.onIdle = onIdle;
  }

  async adopt(descriptor: number): Promise<void> {
    await Bun.connect({ unix: "", fd: descriptor, socket: this.handler });
  }

  /** Clients wait on the connections that they had before. */
  adoptAll(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) {
      // One that its client has closed meanwhile is of no use.
      this.adopt(descriptor).catch(() => undefined);
    }
  }

  takeIdle(limit: number): Transferable[] {
    return this.#own.takeIdle(limit);
  }

  closeIdle(): void {
    const now = performance.now();
    for (const [connection, socket] of this.#open) {
      if (this.#own.isLeaving(connection) || !connection.isIdle) continue;
      if (now - connection.idleSince >= IDLE_MS) socket.end();
    }
  }

  end(): void {
    for (const [connection, socket] of this.#open) {
      socket.pause();
      if (!connection.cutResponse()) continue;
      socket.shutdown();
      // Whatever its plugins still do, no other reply may follow.
      this.#closed(socket);
    }
  }

  /** Answers the calls under way, and begins no other; undefined where one took longer than `patience` ms. */
  standStill(patience: number): Promise<Standstill | undefined> {
    return standStill(this.#own, this.#open, patience);
  }

  #handler(): Bun.SocketHandler<Connection | undefined> {
    return {
      open: (socket) => {
        const connection = new Connection(socket, this.runner, socket.fd);
        socket.data = connection;
        this.#open.set(connection, socket);
        this.#own.opened(connection);
        this.onCount?.();
      },
      data(socket, chunk) {
        socket.data?.data(chunk);
      },
      drain(socket) {
        socket.data?.drain();
      },
      close: (socket) => this.#closed(socket),
      error: (socket, error) => {
        this.runner.log.error("a connection failed", { error });
        this.#closed(socket);
        socket.end();
      },
    };
  }

  #closed({ data: connection }: ServerSocket): void {
    if (connection === undefined || !this.#open.delete(connection)) return;
    connection.closed();
    this.onCount?.();
  }

  /** What half a frame, or a reply that nobody reads, takes in memory must not be taken for ever. */
  #closeStalled(): void {
    const latest = performance.now() - this.stallTime;
    for (const [connection, socket] of this.#open) {
      const { stalledSince } = connection;
      if (stalledSince === undefined || stalledSince > latest) continue;
      this.runner.log.warn(
        `closed a connection on which nothing moved for ${this.stallTime / 1000} s, in the middle of a frame`,
      );
      socket.end();
    }
  }
}
