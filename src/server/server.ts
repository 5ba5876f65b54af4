/** Listens on the socket, owns the connections, and leaves without losing a request. */
import type { Runner } from "../rpc/runner.ts";
import { type ByteSocket, Connection } from "./connection.ts";
import { placeSocket, type SocketFile, type SocketFileOptions } from "./socket-file.ts";

/** APISIX kills a runner about 1 s after SIGTERM. */
const DRAIN_MS = 900;

/**
 * How long a connection must have been idle before it is closed in favour of a successor. APISIX
 * fails a request whose pooled connection goes while it is written; at 30 ms none of 76 000 did.
 */
const IDLE_MS = 30;

const DRAIN_CHECK_MS = 5;

export interface Server {
  readonly connections: number;
  /**
   * Goes on accepting and answering. Once a successor owns the path, connections are closed as they
   * become idle. Resolves when none is left, or after 900 ms; then the socket is gone.
   */
  drain(): Promise<void>;
}

/** @throws SocketFileError where no socket can be made at the path */
export function startServer(runner: Runner, socketFile: SocketFileOptions): Server {
  return new UnixServer(runner, socketFile);
}

interface ServerSocket extends ByteSocket {
  data: Connection | undefined;
}

class UnixServer implements Server {
  readonly #connections = new Map<Connection, ByteSocket>();
  readonly #file: SocketFile;
  #listener: { stop(closeActive?: boolean): void } | undefined;

  constructor(
    private readonly runner: Runner,
    options: SocketFileOptions,
  ) {
    this.#file = placeSocket(options, (path) => {
      this.#listener = this.#listen(path);
    });
  }

  get connections(): number {
    return this.#connections.size;
  }

  async drain(): Promise<void> {
    const end = performance.now() + DRAIN_MS;
    // A connection may still wait to be accepted: only a second look finds that there is none.
    let lastCount = -1;
    while (performance.now() < end && !(lastCount === 0 && this.connections === 0)) {
      lastCount = this.connections;
      if (!this.#file.isOurs()) this.#closeIdle();
      await Bun.sleep(DRAIN_CHECK_MS);
    }
    this.#logCut();
    this.#file.remove();
    this.#listener?.stop(true);
  }

  #listen(path: string) {
    const connections = this.#connections;
    const { runner } = this;
    return Bun.listen<Connection | undefined>({
      unix: path,
      socket: {
        open(socket) {
          const connection = new Connection(socket, runner);
          socket.data = connection;
          connections.set(connection, socket);
        },
        data(socket, chunk) {
          socket.data?.data(chunk);
        },
        drain(socket) {
          socket.data?.drain();
        },
        close(socket) {
          closed(connections, socket);
        },
        error(socket, error) {
          runner.log.error("a connection failed", { error });
          closed(connections, socket);
          socket.end();
        },
      },
    });
  }

  #closeIdle(): void {
    const now = performance.now();
    for (const [connection, socket] of this.#connections) {
      if (connection.isIdle && now - connection.idleSince >= IDLE_MS) socket.end();
    }
  }

  #logCut(): void {
    const busy = [...this.#connections.keys()].filter((connection) => !connection.isIdle).length;
    if (busy > 0)
      this.runner.log.warn(`stopped with ${busy} calls still under way after ${DRAIN_MS} ms`);
  }
}

function closed(connections: Map<Connection, ByteSocket>, socket: ServerSocket): void {
  const connection = socket.data;
  if (connection === undefined || !connections.delete(connection)) return;
  connection.closed();
}
