/** Answers `GET /metrics`: on a port or a Unix socket of its own, so that nothing of it is in the way of calls. */
import { type MetricsAddress, showAddress } from "../config/metrics-address.ts";
import { nodeFiles } from "../files/node-files.ts";
import type { Logger } from "../log/logger.ts";
import { placeSocket, type SocketFile, type SocketFileOptions } from "../server/socket-file.ts";
import type { MetricsSnapshot } from "./snapshot.ts";

/** How often an address that somebody else has is tried again. */
const RETRY_MS = 200;

/** So long a runner that is about to go may have it. */
const PATIENCE_MS = 3_000;

export interface MetricsServerOptions {
  readonly address: MetricsAddress;
  /** Of a Unix socket; see `socket.mode`, `socket.owner` and `socket.group`. */
  readonly access: Omit<SocketFileOptions, "path">;
  /** The figures of each process, asked for with each scrape. */
  snapshots(): Promise<readonly MetricsSnapshot[]> | readonly MetricsSnapshot[];
  /** Another runner, which may have the address, is about to go. */
  readonly hasPredecessor?: boolean;
  readonly log: Logger;
}

export interface MetricsServer {
  /** Where it listens; undefined while another process has the port. */
  readonly address: MetricsAddress | undefined;
  /** Frees the address at once: the next runner may want it. */
  stop(): void;
}

/**
 * Begins to listen. A port that is in use is tried again until it is free: during a reload the runner before still has
 * it, and traffic must not wait for metrics.
 *
 * @throws Error, in one line, where no waiting would help: the address is not this host's, the folder does not exist …
 */
export function serveMetrics(options: MetricsServerOptions): MetricsServer {
  return new HttpServer(options);
}

class HttpServer implements MetricsServer {
  #listener: Bun.Server<undefined> | undefined;
  #file: SocketFile | undefined;
  #retry: Timer | undefined;
  #complaint: Timer | undefined;

  constructor(private readonly options: MetricsServerOptions) {
    if (this.#isListening()) return;
    this.#retry = setInterval(() => this.#tryAgain(), RETRY_MS).unref();
    const patience = options.hasPredecessor === true ? PATIENCE_MS : 0;
    this.#complaint = setTimeout(() => this.#complain(), patience).unref();
  }

  get address(): MetricsAddress | undefined {
    const { address } = this.options;
    if (this.#listener === undefined || "unix" in address) return this.#listener && address;
    return { ...address, port: this.#listener.port ?? address.port };
  }

  stop(): void {
    this.#rest();
    this.#file?.remove();
    void this.#listener?.stop(true);
  }

  #tryAgain(): void {
    try {
      if (this.#isListening()) this.#rest();
    } catch (error) {
      this.#rest();
      this.options.log.error("there are no metrics", { error });
    }
  }

  #rest(): void {
    clearInterval(this.#retry);
    clearTimeout(this.#complaint);
  }

  #complain(): void {
    const { log, address } = this.options;
    log.error("no metrics: another process has their address, which is tried until it is free", {
      address: showAddress(address),
    });
  }

  /** @returns whether it does; false where somebody else has the port */
  #isListening(): boolean {
    const { address, access, log } = this.options;
    try {
      if ("unix" in address) {
        const placed = placeSocket(
          { ...access, path: address.unix },
          (unix) => this.#listen({ unix }),
          nodeFiles,
        );
        this.#file = placed.file;
        this.#listener = placed.bound;
      } else {
        const { host: hostname, port } = address;
        this.#listener = this.#listen({ hostname, port });
      }
    } catch (error) {
      if (isInUse(error)) return false;
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`no metrics at ${showAddress(address)}: ${why}`, { cause: error });
    }
    log.info("metrics", { address: showAddress(this.address ?? address) });
    return true;
  }

  #listen(where: { unix: string } | { hostname: string; port: number }): Bun.Server<undefined> {
    return Bun.serve({
      ...where,
      development: false,
      // Whoever asks has nothing to send.
      maxRequestBodySize: 4096,
      fetch: (request) => this.#answer(request),
      error: (error) => {
        this.options.log.error("a scrape could not be answered", { error });
        return new Response("the metrics could not be collected; the runner's log says why\n", {
          status: 500,
        });
      },
    });
  }

  async #answer({ method, url }: Request): Promise<Response> {
    if (new URL(url).pathname !== "/metrics")
      return new Response("metrics are at /metrics\n", { status: 404 });
    if (method !== "GET" && method !== "HEAD") {
      return new Response("metrics are read with GET\n", {
        status: 405,
        headers: { allow: "GET, HEAD" },
      });
    }
    // It takes 10 to 20 ms to load, once.
    const { CONTENT_TYPE, expose } = await import("./exposition.ts");
    const text = await expose(await this.options.snapshots());
    return new Response(text, { headers: { "content-type": CONTENT_TYPE } });
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
