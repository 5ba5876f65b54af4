/** What a server has to give to another process: its listener, and connections that are idle. */
import { board } from "../../watchdog/board.ts";
import type { Connection } from "../connection.ts";

/** An open descriptor that can be given away. */
export interface Transferable {
  readonly descriptor: number;
  /** The other process has it. */
  given(): void;
  /** It stays here after all. */
  kept(): void;
}

/** The part of a connection's socket that giving it away needs. */
export interface TransferableSocket {
  /** -1 when closed. */
  readonly fd: number;
  pause(): void;
  resume(): void;
  /** Closes our descriptor, and says nothing to the peer, which another process may serve. */
  close(): void;
}

interface Listener {
  readonly fd: number;
  stop(): void;
}

/** Connections that can be given away when nothing of a call is under way on them. */
export interface IdleConnections {
  /** Called when a connection may have become idle. */
  set onIdle(onIdle: (() => void) | undefined);
  /** At most so many; each is offered once, unless it is kept. */
  takeIdle(limit: number): Transferable[];
}

/** All that a server can give away. */
export interface Assets extends IdleConnections {
  /** The listener, once, unless it is kept. */
  takeListener(): Transferable | undefined;
}

/** A listener with the connections that it has brought. */
export class Estate implements Assets {
  #listenerIsHere = true;
  #isClosed = false;

  constructor(
    private readonly connections: IdleConnections,
    private readonly listener: Listener,
  ) {
    board.listener = listener.fd;
  }

  set onIdle(onIdle: (() => void) | undefined) {
    this.connections.onIdle = onIdle;
  }

  takeIdle(limit: number): Transferable[] {
    return this.connections.takeIdle(limit).map(({ descriptor, given, kept }) => ({
      descriptor,
      given,
      kept: () => {
        if (!this.#isClosed) kept();
      },
    }));
  }

  /**
   * The process is about to end. What is on its way is the successor's, who may serve it already, whether
   * that was said or not: nothing of it is read here any more.
   */
  close(): void {
    this.#isClosed = true;
  }

  takeListener(): Transferable | undefined {
    const { listener } = this;
    if (!this.#listenerIsHere || listener.fd < 0) return undefined;
    this.#listenerIsHere = false;
    board.listener = undefined;
    return {
      descriptor: listener.fd,
      given: () => listener.stop(),
      kept: () => {
        this.#listenerIsHere = true;
        board.listener = listener.fd;
      },
    };
  }
}

/** Those that are served in this process. */
export class OwnConnections implements IdleConnections {
  /** On their way to a successor. */
  readonly #leaving = new Set<Connection>();
  #onIdle: (() => void) | undefined;
  /** Called when a connection has opened, and nothing of it has been read. */
  onOpened: (() => void) | undefined;

  constructor(private readonly connections: Map<Connection, TransferableSocket>) {}

  set onIdle(onIdle: (() => void) | undefined) {
    this.#onIdle = onIdle;
    for (const connection of this.connections.keys()) connection.onIdle = onIdle;
  }

  opened(connection: Connection): void {
    connection.onIdle = this.#onIdle;
    this.onOpened?.();
  }

  isLeaving(connection: Connection): boolean {
    return this.#leaving.has(connection);
  }

  takeIdle(limit: number): Transferable[] {
    const idle: Transferable[] = [];
    for (const [connection, socket] of this.connections) {
      if (idle.length >= limit) break;
      if (!connection.isIdle || this.#leaving.has(connection) || socket.fd < 0) continue;
      // What comes from now on waits in the kernel for whoever reads next.
      socket.pause();
      this.#leaving.add(connection);
      board.forget(connection.descriptor);
      idle.push(this.#transferable(connection, socket));
    }
    return idle;
  }

  #transferable(connection: Connection, socket: TransferableSocket): Transferable {
    return {
      descriptor: socket.fd,
      given: () => {
        this.#leaving.delete(connection);
        this.connections.delete(connection);
        connection.closed();
        socket.close();
      },
      kept: () => {
        this.#leaving.delete(connection);
        board.idle(connection.descriptor);
        socket.resume();
      },
    };
  }
}
