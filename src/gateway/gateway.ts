/** The development gateway: HTTP in, a runner asked as APISIX asks it, the upstream, HTTP out. */
import { createServer } from "node:net";
import type { RequestEvent } from "./events.ts";
import { clientOf, GatewayConnection } from "./gateway-connection.ts";
import type { RouteTable } from "./routes/route-table.ts";
import { RunnerCalls } from "./runner-calls.ts";
import { Upstreams } from "./upstreams.ts";

export interface GatewayOptions {
  /** 0: one that is free. */
  readonly port: number;
  /** What to listen on; `127.0.0.1` by default. */
  readonly host?: string | undefined;
  readonly routes: RouteTable;
  /** The runner's Unix socket. It may come and go: a request meanwhile gets 503, as with APISIX. */
  readonly runnerSocket: string;
  /** Called once for each request, when its response has been written. */
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  /** How much of each response's body its event has, bytes; 0 by default. */
  readonly keptResponse?: number | undefined;
  /** Routes for one client alone, named as in its events; `undefined`: those of all others. */
  readonly routesFor?: ((client: string) => RouteTable | undefined) | undefined;
  /** All in ms; APISIX's own by default. */
  readonly timeouts?: GatewayTimeouts | undefined;
}

export interface GatewayTimeouts {
  /** For a connection to the runner; 1000. */
  readonly runnerConnect?: number | undefined;
  /** For each reply or question of the runner; 60 000. */
  readonly runnerReply?: number | undefined;
  /** While another conf is prepared; 5000. */
  readonly prepareLock?: number | undefined;
  /** For the next bytes of a client; 60 000. */
  readonly client?: number | undefined;
}

export interface Gateway extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:9080` */
  readonly url: string;
  /** Requests that begin from now on follow these. */
  useRoutes(routes: RouteTable): void;
  /** Forgets all conf tokens, as APISIX does when the runner it started has exited. */
  forgetTokens(): void;
  /** Takes no more requests; resolves when those under way have been answered. */
  close(): Promise<void>;
}

/** @throws where the port cannot be had */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = "127.0.0.1", timeouts = {} } = options;
  let table = options.routes;
  const runner = new RunnerCalls({
    socket: options.runnerSocket,
    connectTimeout: timeouts.runnerConnect,
    replyTimeout: timeouts.runnerReply,
    lockTimeout: timeouts.prepareLock,
  });
  const upstreams = new Upstreams();
  const connections = new Set<GatewayConnection>();
  let requests = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new GatewayConnection(socket, {
      // Each exchange keeps the table that it began with.
      parts: () => {
        const own = options.routesFor?.(clientOf(socket));
        return { table: own ?? table, runner, upstreams };
      },
      keptResponse: options.keptResponse ?? 0,
      nextId: () => ++requests,
      onRequest: options.onRequest,
      timeout: timeouts.client ?? 60_000,
      unansweredFor: timeouts.runnerReply ?? 60_000,
    });
    connections.add(connection);
    void connection.serve().finally(() => connections.delete(connection));
  });
  await listening(server, options.port, host);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;

  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([...connections].map((connection) => connection.finish()));
    runner.close();
    upstreams.close();
    await closed;
  };
  return {
    host,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    useRoutes(routes) {
      table = routes;
    },
    forgetTokens: () => runner.flush(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listening(
  server: ReturnType<typeof createServer>,
  port: number,
  host: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
