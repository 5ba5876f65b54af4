/** The supervisor: owns the socket and the confs, and leaves the calls to its workers. */
import { nodeFiles } from "../files/node-files.ts";
import type { Logger } from "../log/logger.ts";
import { descriptorPassing, mostDescriptors } from "../server/handover/descriptors.ts";
import { isServed } from "../server/handover/path.ts";
import { type Takeover, takeOver } from "../server/handover/taker.ts";
import { type DrainOptions, listenFor, type ListeningServer } from "../server/server.ts";
import type { SocketFileOptions } from "../server/socket-file.ts";
import type { InheritedConf } from "../rpc/inheritance.ts";
import { Crew, type WorkerAnswer } from "./crew.ts";
import { Distribution } from "./distribution.ts";
import type { QuestionName } from "./messages.ts";
import { Registry } from "./registry.ts";
import { socketPairs } from "./system.ts";
import { RESERVED_DESCRIPTORS } from "./transfers.ts";
import type { Tools } from "./worker-process.ts";

export interface SupervisorOptions {
  /** How many workers; at least 1. */
  readonly workers: number;
  readonly socket: SocketFileOptions;
  /** ms that APISIX keeps a token. */
  readonly confExpireTime: number;
  /** How many confs are kept, and how many bytes they may have together. */
  readonly confs: number;
  readonly confBytes: number;
  readonly log: Logger;
}

/** ms that workers have to end when all calls have been answered. */
const END_MS = 200;

/** The same when calls were cut: APISIX kills a runner about 1 s after SIGTERM. */
const CUT_END_MS = 40;

/** How often confs are looked through for those that have expired. */
const EXPIRY_CHECK_MS = 60_000;

export class Supervisor {
  readonly #crew: Crew;
  readonly #registry: Registry;
  readonly #distribution: Distribution;
  #server: ListeningServer | undefined;
  #predecessor: Takeover | undefined;

  /** @throws where this system cannot do what it takes */
  constructor(private readonly options: SupervisorOptions) {
    const { workers: size, log } = options;
    const tools = openTools();
    this.#distribution = new Distribution(() => this.#crew);
    this.#registry = new Registry({
      expireTime: options.confExpireTime,
      limit: options.confs,
      byteLimit: options.confBytes,
      log,
      workers: () => this.#crew.workers,
    });
    const registry = this.#registry;
    this.#crew = new Crew({
      size,
      tools,
      log,
      confs: {
        register: (content) => registry.register(content),
        find: (token) => this.#find(token),
        dropped: (number, worker) => registry.dropped(number, worker),
        forgetWorker: (worker) => registry.forgetWorker(worker),
      },
      onReturned: (what) => this.#distribution.returned(what),
    });
    setInterval(() => registry.confs.expire(), EXPIRY_CHECK_MS).unref();
  }

  /**
   * Starts the workers, and takes the path; connections wait until a worker is there.
   *
   * @throws SocketFileError where no socket can be made at the path
   */
  async start(): Promise<void> {
    const { socket, log } = this.options;
    const { confs } = this.#registry;
    this.#crew.start();
    // The runner that serves the path now, as during a reload of APISIX, gives us what it has.
    if (isServed(socket.path, nodeFiles)) this.#predecessor = await takeOver(socket.path, confs);
    const hasPredecessor = this.#predecessor !== undefined;
    const server = listenFor(this.#distribution, { confs, log }, { ...socket, hasPredecessor });
    this.#server = server;
    this.#predecessor?.begin(server);
    log.info("listening", {
      socket: socket.path,
      pid: process.pid,
      workers: this.options.workers,
    });
  }

  /** How many connections there are, at whichever worker. */
  get connections(): number {
    return this.#server?.connections ?? 0;
  }

  /** Each worker opens the log's file again. */
  reopenLog(): void {
    this.#crew.reopenLog();
  }

  /** Each worker reads its settings, and loads its plugins, again. */
  reload({ confs, confBytes }: Pick<SupervisorOptions, "confs" | "confBytes">): void {
    this.#registry.confs.setLimits(confs, confBytes);
    this.#crew.reload();
  }

  /**
   * Asks all workers that run at once.
   *
   * @param patience ms for which one may keep silent; its answer then says so
   */
  ask(what: QuestionName, patience: number): Promise<WorkerAnswer[]> {
    return this.#crew.ask(what, patience);
  }

  /** Goes on until all is answered or given to a successor, or for 900 ms; then no worker is left. */
  async stop(options: DrainOptions): Promise<void> {
    await this.#server?.drain(options);
    await this.#crew.end(this.connections === 0 ? END_MS : CUT_END_MS);
  }

  async #find(token: number): Promise<InheritedConf | undefined> {
    const known = this.#registry.find(token);
    if (known !== undefined || this.#predecessor === undefined) return shown(known);
    // APISIX may have had the token from the other runner a moment ago, sooner than we heard of it.
    await this.#predecessor.find(token);
    return shown(this.#registry.find(token));
  }
}

/** Without what the registry alone needs. */
function shown(conf: InheritedConf | undefined): InheritedConf | undefined {
  return conf && { content: conf.content, preparedAt: conf.preparedAt };
}

function openTools(): Tools {
  const passing = descriptorPassing();
  if (passing === undefined) throw new Error(`not done on ${process.platform}`);
  return {
    passing,
    pair: socketPairs(),
    firstReserved: mostDescriptors() - RESERVED_DESCRIPTORS,
  };
}
