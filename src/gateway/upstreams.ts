/** Sends requests to upstreams as nginx does: pooled connections, the next node where one fails. */
import { SilenceError } from "./http1/socket-reader.ts";
import type { UpstreamRequest } from "./http-message.ts";
import { IdlePool } from "./idle-pool.ts";
import { NodePicker } from "./node-picker.ts";
import type { Upstream, UpstreamNode } from "./routes/route.ts";
import { UpstreamConnection, type UpstreamResponse } from "./upstream-connection.ts";

/** No node gave a response; the status is the one that the client gets. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";

  constructor(
    readonly status: 502 | 504,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface NodeResponse extends UpstreamResponse {
  readonly node: UpstreamNode;
  /** Gives the connection up before the body has ended. */
  abort(): void;
}

const KEPT_CONNECTIONS = 320;
const KEPT_FOR_MS = 60_000;

/** Not sent again once they may have had an effect. */
const NOT_REPEATED = ["POST", "LOCK", "PATCH"];

export class Upstreams {
  readonly #pickers = new WeakMap<Upstream, NodePicker>();
  readonly #pools = new Map<string, IdlePool<UpstreamConnection>>();

  /** The node for a request; `undefined`: the upstream has none of any weight. */
  pick(upstream: Upstream, tried?: readonly UpstreamNode[]): UpstreamNode | undefined {
    let picker = this.#pickers.get(upstream);
    if (picker === undefined)
      this.#pickers.set(upstream, (picker = new NodePicker(upstream.nodes)));
    return picker.pick(tried);
  }

  /**
   * @param first the node to begin with
   * @param host as the request has it, for TLS
   * @throws UpstreamError
   */
  async send(
    upstream: Upstream,
    first: UpstreamNode,
    host: string,
    request: UpstreamRequest,
  ): Promise<NodeResponse> {
    const tried: UpstreamNode[] = [];
    let node: UpstreamNode | undefined = first;
    let failure: UpstreamError | undefined;
    const tries = 1 + (upstream.retries ?? upstream.nodes.length - 1);
    while (node && tried.length < tries) {
      tried.push(node);
      const result = await this.#sendTo(node, upstream, host, request);
      if (!("error" in result)) return result;
      failure = result.error;
      if (result.wasSent && NOT_REPEATED.includes(request.method)) break;
      node = this.pick(upstream, tried);
    }
    throw failure ?? new UpstreamError(502, "the upstream has no node");
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }

  async #sendTo(
    node: UpstreamNode,
    upstream: Upstream,
    host: string,
    request: UpstreamRequest,
  ): Promise<NodeResponse | { error: UpstreamError; wasSent: boolean }> {
    const tls = upstream.scheme === "https" ? { serverName: host.replace(/:\d+$/, "") } : undefined;
    const key = `${upstream.scheme} ${node.host} ${node.port} ${tls?.serverName ?? ""}`;
    const pool = this.#pool(key);
    const kept = pool.take();
    let connection = kept;
    try {
      connection ??= await UpstreamConnection.open(node, tls, upstream.timeouts);
      const response = await connection.send(request, upstream.timeouts);
      return pooledResponse(node, connection, response, pool);
    } catch (error) {
      connection?.close();
      // The node has closed an idle connection just as it was taken.
      if (kept && !kept.hasAnswered && !(error instanceof SilenceError)) {
        return this.#sendTo(node, upstream, host, request);
      }
      return { error: asUpstreamError(node, error), wasSent: connection !== undefined };
    }
  }

  #pool(key: string): IdlePool<UpstreamConnection> {
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      this.#pools.set(key, (pool = new IdlePool(KEPT_CONNECTIONS, KEPT_FOR_MS)));
    }
    return pool;
  }
}

function pooledResponse(
  node: UpstreamNode,
  connection: UpstreamConnection,
  response: UpstreamResponse,
  pool: IdlePool<UpstreamConnection>,
): NodeResponse {
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* response.body;
    } finally {
      pool.put(connection);
    }
  }
  return { ...response, node, body: body(), abort: () => connection.close() };
}

function asUpstreamError(node: UpstreamNode, cause: unknown): UpstreamError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const status = cause instanceof SilenceError ? 504 : 502;
  return new UpstreamError(status, `the upstream ${node.host}:${node.port}: ${reason}`, { cause });
}
