/** Listens on the socket, owns the connections, and leaves without losing a request. */
import { dirname } from "node:path";
import { nodeFiles } from "../files/node-files.ts";
import type { Runner } from "../rpc/runner.ts";
import type { Bequest, Post } from "../watchdog/bequest.ts";
import type { Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import { Estate } from "./handover/estate.ts";
import type { Offer, Owner } from "./handover/giver.ts";
import type { Heir } from "./handover/taker.ts";
import type { Keeper } from "./keeper.ts";
import { isFolderOpen } from "./open-folder.ts";
import type { Serving } from "./serving.ts";
import { removeStaleSockets } from "./stale-files.ts";
import type { Standstill } from "./standstill.ts";
import {
  placedSocket,
  placeSocket,
  type SocketFile,
  type SocketFileOptions,
} from "./socket-file.ts";

/** APISIX kills a runner about 1 s after SIGTERM. */
const DRAIN_MS = 900;

/** What is then on its way to a successor is said to have come within this. */
const SETTLE_MS = 50;

const DRAIN_CHECK_MS = 5;

/** By then APISIX has found the socket, and loading native code costs its first call nothing. */
const NATIVE_DELAY_MS = 50;

/** What waits to be accepted on the listener of the runner before is accepted at once; it may close then. */
const ADOPTED_LISTENER_MS = 1_000;

/** A socket that is in place already, with those who have come to it. */
export interface PlacedListener {
  readonly file: SocketFile;
  /** Gives them to this handler; what they have sent meanwhile it is given when the code that runs now has ended. */
  handOver<Data>(handler: Bun.SocketHandler<Data>): Bun.SocketListener<Data>;
}

export interface ListenOptions extends SocketFileOptions {
  /** Another runner gives us what it has: native code is loaded, and the next runner may come at once. */
  readonly hasPredecessor?: boolean;
}

export interface ServerOptions extends ListenOptions {
  /** The socket at the path is there: it is not to be made. */
  readonly placed?: PlacedListener | undefined;
  /** What the process image before this one had, which was replaced. */
  readonly bequest?: Bequest | undefined;
  /** ms after which a connection is closed that stalls in the middle of a frame; default 60 000. */
  readonly stallTime?: number;
}

export interface DrainOptions {
  /** Another runner may be about to start on this path: until it has, connections must find somebody. */
  readonly expectsSuccessor?: boolean;
}

/** A socket at its path. */
export interface ListeningServer extends Heir {
  readonly connections: number;
  /**
   * Goes on accepting and answering. Once a successor owns the path, it is given the connections as they
   * become idle, or they are closed where it cannot take them. Resolves when none is left, or after
   * 900 ms; then the socket is gone.
   */
  drain(options?: DrainOptions): Promise<void>;
}

export interface Server extends ListeningServer, Serving {}

/** @throws SocketFileError where no socket can be made at the path */
export function startServer(runner: Runner, options: ServerOptions): Server {
  const connections = new Connections(runner, options.stallTime);
  const server = new OwnServer(runner, options, connections);
  connections.adoptAll(options.bequest?.connections ?? []);
  return server;
}

/**
 * Accepts for others, who keep the connections.
 *
 * @throws SocketFileError where no socket can be made at the path
 */
export function listenFor<Data>(
  keeper: Keeper<Data>,
  owner: Owner,
  options: ListenOptions,
): ListeningServer {
  return new UnixServer(owner, options, keeper);
}

class UnixServer<Data, Kept extends Keeper<Data> = Keeper<Data>> implements ListeningServer {
  protected readonly file: SocketFile;
  protected readonly listener: Bun.SocketListener<Data>;
  readonly #estate: Estate;
  readonly #path: string;
  #offer: Offer | undefined;
  #hasOffered = false;
  #ended = false;

  constructor(
    private readonly owner: Owner,
    options: ServerOptions,
    protected readonly keeper: Kept,
  ) {
    const { file, bound } = this.#place(options);
    this.file = file;
    this.listener = bound;
    if (isFolderOpen(options.path)) owner.log.warn(openFolder(options.path));
    this.#estate = new Estate(keeper, bound);
    this.#path = options.path;
    const later = (): void => {
      void this.#raiseBacklog();
      removeStaleSockets(options.path);
      void this.#offerHandover();
    };
    setTimeout(later, options.hasPredecessor === true ? 0 : NATIVE_DELAY_MS).unref();
  }

  get connections(): number {
    return this.keeper.count;
  }

  async drain({ expectsSuccessor = false }: DrainOptions = {}): Promise<void> {
    const end = performance.now() + DRAIN_MS;
    // One that is told to go as soon as it has come has not got round to it.
    void this.#offerHandover();
    // A connection may still wait to be accepted: only a second look finds that there is none.
    let lastCount = -1;
    while (performance.now() < end) {
      const mayGo = !expectsSuccessor || !this.file.isOurs();
      if (mayGo && lastCount === 0 && this.connections === 0 && this.#isSettled) break;
      lastCount = this.connections;
      if (this.#offer?.isTaken !== true && !this.file.isOurs()) this.keeper.closeIdle();
      await Bun.sleep(DRAIN_CHECK_MS);
    }
    await this.#settle();
    this.#ended = true;
    this.#logCut();
    this.keeper.end();
    this.#estate.close();
    this.#offer?.withdraw();
    this.file.remove();
    this.listener.stop(true);
  }

  /** Neither ending nor being taken over from. */
  protected get isAlone(): boolean {
    return !this.#ended && this.#offer?.isTaken !== true && this.file.isOurs();
  }

  /** Nobody finds the way to it any more: it serves those who wait there. */
  adoptListener(descriptor: number): void {
    const adopted = this.#listen({ unix: "", fd: descriptor });
    setTimeout(() => adopted.stop(), ADOPTED_LISTENER_MS).unref();
  }

  adoptConnection(descriptor: number): Promise<void> {
    return this.keeper.adopt(descriptor);
  }

  #place(options: ServerOptions): { file: SocketFile; bound: Bun.SocketListener<Data> } {
    const { placed, bequest } = options;
    if (placed !== undefined) {
      return { file: placed.file, bound: placed.handOver(this.keeper.handler) };
    }
    const { socket, listener } = bequest ?? {};
    return socket === undefined
      ? placeSocket(options, (unix) => this.#listen({ unix }), nodeFiles)
      : { file: placedSocket(socket, nodeFiles), bound: this.#listen({ unix: "", fd: listener }) };
  }

  #listen(where: { unix: string; fd?: number | undefined }): Bun.SocketListener<Data> {
    const { unix, fd } = where;
    const { handler } = this.keeper;
    return Bun.listen<Data>({ unix, ...(fd !== undefined && { fd }), socket: handler });
  }

  /** Needs a piece of native code, which is loaded when there is time. */
  async #raiseBacklog(): Promise<void> {
    const { raiseBacklog } = await import("./backlog.ts");
    if (this.listener.fd >= 0) raiseBacklog(this.listener.fd, this.owner.log);
  }

  /** Lets the next runner on this path take what we have; needs native code too. */
  async #offerHandover(): Promise<void> {
    if (this.#hasOffered) return;
    this.#hasOffered = true;
    const { offerHandover } = await import("./handover/giver.ts");
    try {
      // Where a successor has the path already, the offer to make is its own.
      if (this.#ended || !this.file.isOurs()) return;
      this.#offer = offerHandover(this.#path, this.#estate, this.owner);
    } catch (error) {
      this.owner.log.warn("the next runner cannot take over from this one", { error });
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

  #logCut(): void {
    const { busy } = this.keeper;
    if (busy > 0)
      this.owner.log.warn(`stopped with ${busy} calls still under way after ${DRAIN_MS} ms`);
  }
}

/** Serves the connections that it accepts. */
class OwnServer extends UnixServer<Connection | undefined, Connections> implements Server {
  get post(): Post {
    return { socket: this.file.identity, listener: this.listener.fd };
  }

  async standStill(patience: number): Promise<Standstill | undefined> {
    if (!this.isAlone) return undefined;
    const standstill = await this.keeper.standStill(patience);
    if (this.isAlone) return standstill;
    standstill?.end();
    return undefined;
  }
}

function openFolder(path: string): string {
  const folder = dirname(path);
  return `every user may put another socket at ${path}, and be sent the requests, because all may write to ${folder}; give it mode 0755, or 1777`;
}
