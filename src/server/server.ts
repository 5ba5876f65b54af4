/** Listens on the socket, owns the connections, and leaves without losing a request. */
import { dirname } from "node:path";
import type { Runner } from "../rpc/runner.ts";
import type { Bequest, SocketIdentity } from "../watchdog/bequest.ts";
import { board } from "../watchdog/board.ts";
import { type ByteSocket, Connection } from "./connection.ts";
import { Estate, type TransferableSocket } from "./handover/estate.ts";
import type { Offer } from "./handover/giver.ts";
import { removeStaleSockets } from "./stale-files.ts";
import { type Standstill, standStill } from "./standstill.ts";
import type { Heir } from "./handover/taker.ts";
import {
  isFolderOpen,
  placedSocket,
  placeSocket,
  type SocketFile,
  type SocketFileOptions,
} from "./socket-file.ts";

/** APISIX kills a runner about 1 s after SIGTERM. */
const DRAIN_MS = 900;

/** What is then on its way to a successor is said to have come within this. */
const SETTLE_MS = 50;

/**
 * How long a connection must have been idle before it is closed in favour of a successor that cannot
 * take it. APISIX fails a request whose pooled connection goes while it is written; at 30 ms none of
 * 76 000 did.
 */
const IDLE_MS = 30;

const DRAIN_CHECK_MS = 5;

/** APISIX itself gives up on a socket that takes or gives nothing for this long. */
const STALL_MS = 60_000;

/** How often within that time connections are looked at. */
const STALL_CHECKS = 12;

/** By then APISIX has found the socket, and loading native code costs its first call nothing. */
const NATIVE_DELAY_MS = 50;

/** What waits to be accepted on the listener of the runner before is accepted at once; it may close then. */
const ADOPTED_LISTENER_MS = 1_000;

export interface ServerOptions extends SocketFileOptions {
  /** Another runner gives us what it has: native code is loaded, and the next runner may come at once. */
  readonly hasPredecessor?: boolean;
  /** What the process image before this one had, which was replaced. */
  readonly bequest?: Bequest | undefined;
  /** ms after which a connection is closed that stalls in the middle of a frame; default 60 000. */
  readonly stallTime?: number;
}

export interface DrainOptions {
  /** Another runner may be about to start on this path: until it has, connections must find somebody. */
  readonly expectsSuccessor?: boolean;
}

export interface Server extends Heir {
  readonly connections: number;
  readonly socket: SocketIdentity;
  /**
   * Goes on accepting and answering. Once a successor owns the path, it is given the connections as they
   * become idle, or they are closed where it cannot take them. Resolves when none is left, or after
   * 900 ms; then the socket is gone.
   */
  drain(options?: DrainOptions): Promise<void>;
  /**
   * Answers the calls under way, and begins no other.
   *
   * @param patience ms that calls may be kept waiting
   * @returns undefined, and goes on as before, where one took longer, or another runner has the path
   */
  standStill(patience: number): Promise<Standstill | undefined>;
}

/** @throws SocketFileError where no socket can be made at the path */
export function startServer(runner: Runner, options: ServerOptions): Server {
  return new UnixServer(runner, options);
}

interface ServerSocket extends ByteSocket, TransferableSocket {
  data: Connection | undefined;
}

type Listener = Bun.SocketListener<Connection | undefined>;

class UnixServer implements Server {
  readonly #connections = new Map<Connection, ServerSocket>();
  readonly #file: SocketFile;
  readonly #listener: Listener;
  readonly #estate: Estate;
  readonly #stallTime: number;
  readonly #path: string;
  #offer: Offer | undefined;
  #hasOffered = false;
  #ended = false;

  constructor(
    private readonly runner: Runner,
    options: ServerOptions,
  ) {
    const { bequest } = options;
    const { file, bound } =
      bequest === undefined
        ? placeSocket(options, (unix) => this.#listen({ unix }))
        : {
            file: placedSocket(bequest.socket),
            bound: this.#listen({ unix: "", fd: bequest.listener }),
          };
    this.#file = file;
    this.#listener = bound;
    if (isFolderOpen(options.path)) runner.log.warn(openFolder(options.path));
    this.#estate = new Estate(this.#connections, bound);
    this.#adoptConnections(bequest?.connections ?? []);
    this.#stallTime = options.stallTime ?? STALL_MS;
    setInterval(() => this.#closeStalled(), this.#stallTime / STALL_CHECKS).unref();
    this.#path = options.path;
    const later = (): void => {
      void this.#raiseBacklog();
      removeStaleSockets(options.path);
      void this.#offerHandover();
    };
    setTimeout(later, options.hasPredecessor === true ? 0 : NATIVE_DELAY_MS).unref();
  }

  get connections(): number {
    return this.#connections.size;
  }

  get socket(): SocketIdentity {
    return this.#file.identity;
  }

  async drain({ expectsSuccessor = false }: DrainOptions = {}): Promise<void> {
    const end = performance.now() + DRAIN_MS;
    // One that is told to go as soon as it has come has not got round to it.
    void this.#offerHandover();
    // A connection may still wait to be accepted: only a second look finds that there is none.
    let lastCount = -1;
    while (performance.now() < end) {
      const mayGo = !expectsSuccessor || !this.#file.isOurs();
      if (mayGo && lastCount === 0 && this.connections === 0 && this.#isSettled) break;
      lastCount = this.connections;
      if (this.#offer?.isTaken !== true && !this.#file.isOurs()) this.#closeIdle();
      await Bun.sleep(DRAIN_CHECK_MS);
    }
    await this.#settle();
    this.#ended = true;
    this.#logCut();
    this.#offer?.withdraw();
    this.#file.remove();
    this.#listener.stop(true);
  }

  async standStill(patience: number): Promise<Standstill | undefined> {
    if (!this.#isAlone) return undefined;
    const { fd } = this.#listener;
    const standstill = await standStill(this.#estate, this.#connections, fd, patience);
    if (this.#isAlone) return standstill;
    standstill?.end();
    return undefined;
  }

  /** Neither ending nor being taken over from. */
  get #isAlone(): boolean {
    return !this.#ended && this.#offer?.isTaken !== true && this.#file.isOurs();
  }

  /** Nobody finds the way to it any more: it serves those who wait there. */
  adoptListener(descriptor: number): void {
    const adopted = Bun.listen({ unix: "", fd: descriptor, socket: this.#handler() });
    setTimeout(() => adopted.stop(), ADOPTED_LISTENER_MS).unref();
  }

  async adoptConnection(descriptor: number): Promise<void> {
    await Bun.connect({ unix: "", fd: descriptor, socket: this.#handler() });
  }

  #listen(where: { unix: string; fd?: number }): Listener {
    return Bun.listen<Connection | undefined>({ ...where, socket: this.#handler() });
  }

  /** Clients wait on the connections that they had before. */
  #adoptConnections(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) {
      // One that its client has closed meanwhile is of no use.
      this.adoptConnection(descriptor).catch(() => undefined);
    }
  }

  #handler(): Bun.SocketHandler<Connection | undefined> {
    const connections = this.#connections;
    const { runner } = this;
    return {
      open: (socket) => {
        const connection = new Connection(socket, runner, socket.fd);
        socket.data = connection;
        connections.set(connection, socket);
        this.#estate.opened(connection);
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
    };
  }

  /** Needs a piece of native code, which is loaded when there is time. */
  async #raiseBacklog(): Promise<void> {
    const { raiseBacklog } = await import("./backlog.ts");
    if (this.#listener.fd >= 0) raiseBacklog(this.#listener.fd, this.runner.log);
  }

  /** Lets the next runner on this path take what we have; needs native code too. */
  async #offerHandover(): Promise<void> {
    if (this.#hasOffered) return;
    this.#hasOffered = true;
    const { offerHandover } = await import("./handover/giver.ts");
    try {
      // Where a successor has the path already, the offer to make is its own.
      if (this.#ended || !this.#file.isOurs()) return;
      this.#offer = offerHandover(this.#path, this.#estate, this.runner);
    } catch (error) {
      this.runner.log.warn("the next runner cannot take over from this one", { error });
    }
  }

  get #isSettled(): boolean {
    return this.#offer?.isSettled !== false;
  }

  async #settle(): Promise<void> {
    this.#offer?.stopGiving();
    const end = performance.now() + SETTLE_MS;
    while (!this.#isSettled && performance.now() < end) await Bun.sleep(DRAIN_CHECK_MS);
  }

  /** What half a frame, or a reply that nobody reads, takes in memory must not be taken for ever. */
  #closeStalled(): void {
    const latest = performance.now() - this.#stallTime;
    for (const [connection, socket] of this.#connections) {
      const { stalledSince } = connection;
      if (stalledSince === undefined || stalledSince > latest) continue;
      this.runner.log.warn(
        `closed a connection on which nothing moved for ${this.#stallTime / 1000} s, in the middle of a frame`,
      );
      socket.end();
    }
  }

  #closeIdle(): void {
    const now = performance.now();
    for (const [connection, socket] of this.#connections) {
      if (this.#estate.isLeaving(connection) || !connection.isIdle) continue;
      if (now - connection.idleSince >= IDLE_MS) socket.end();
    }
  }

  #logCut(): void {
    const busy = [...this.#connections.keys()].filter((connection) => !connection.isIdle).length;
    if (busy > 0)
      this.runner.log.warn(`stopped with ${busy} calls still under way after ${DRAIN_MS} ms`);
  }
}

function openFolder(path: string): string {
  const folder = dirname(path);
  return `every user may put another socket at ${path}, and be sent the requests, because all may write to ${folder}; give it mode 0755, or 1777`;
}

function closed(connections: Map<Connection, ByteSocket>, socket: ServerSocket): void {
  const connection = socket.data;
  if (connection === undefined || !connections.delete(connection)) return;
  connection.closed();
}
