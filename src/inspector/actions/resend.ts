/** Sends a request to the gateway once more: as it came, edited, or with other confs. */
import { connect, type Socket } from "node:net";
import type { RequestEvent } from "../../gateway/events.ts";
import { headBytes } from "../../gateway/http1/message.ts";
import type { HeaderLine } from "../../gateway/http-message.ts";
import { type ExtPluginName, type Route, RouteTable } from "../../gateway/routes.ts";
import { isNamed } from "../../gateway/wire-text.ts";
import type { ConfView, Inspected } from "../model.ts";
import { ActionError } from "./action-error.ts";

/** A request as it goes over the wire. */
export interface RequestToSend {
  readonly method: string;
  /** `/get?a=1`. */
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: Uint8Array | undefined;
}

/** Other confs for one request, by the plugin of APISIX that has them. */
export type OtherConfs = Readonly<Partial<Record<ExtPluginName, readonly ConfView[]>>>;

/** Which request is sent again, and whether anything of it or of its confs is not as it was. */
type Origin = NonNullable<Inspected["again"]>;

interface Waiting {
  readonly origin: Origin;
  readonly resolve: (event: RequestEvent) => void;
}

/** Longer than the gateway waits for a runner. */
const ANSWER_MS = 70_000;

export class Resender {
  /** By the client that the gateway sees. */
  readonly #tables = new Map<string, RouteTable>();
  readonly #waiting = new Map<string, Waiting>();
  #edits = 0;

  /** For the gateway's `routesFor`. */
  routesFor(client: string): RouteTable | undefined {
    return this.#tables.get(client);
  }

  /** What the request of this client is sent again of, if it is from here. */
  originOf(client: string): Origin | undefined {
    return this.#waiting.get(client)?.origin;
  }

  /** Is told of every request that has ended. */
  arrived(event: RequestEvent): void {
    this.#waiting.get(event.client)?.resolve(event);
  }

  /**
   * @param gateway host and port
   * @param table routes for this request alone
   * @throws ActionError for what cannot be sent, and where no answer comes
   */
  async send(
    gateway: { readonly host: string; readonly port: number },
    request: RequestToSend,
    origin: Origin,
    table?: RouteTable,
  ): Promise<RequestEvent> {
    const bytes = wireBytes(request);
    const socket = await connected(gateway);
    const client = `${socket.localAddress}:${socket.localPort}`;
    const { promise, resolve, reject } = Promise.withResolvers<RequestEvent>();
    const late = setTimeout(
      () => reject(new ActionError(`the gateway has not answered for ${ANSWER_MS / 1000} s`)),
      ANSWER_MS,
    );
    socket.on("error", (error) =>
      reject(new ActionError(`the gateway broke off: ${error.message}`)),
    );
    this.#waiting.set(client, { resolve, origin });
    if (table) this.#tables.set(client, table);
    try {
      socket.resume();
      socket.write(bytes);
      return await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(client);
      this.#tables.delete(client);
      socket.destroy();
    }
  }

  /**
   * The table with other confs on one route. Its confs are prepared anew, so plugins begin with fresh state.
   *
   * @throws ActionError where there is no such route or plugin any more
   */
  withConfs(table: RouteTable, id: string, confs: OtherConfs): RouteTable {
    const route = table.routes.find((one) => one.id === id);
    if (route === undefined) throw new ActionError(`there is no route ${id} any more`);
    const changed = this.#routeWithConfs(route, confs);
    return new RouteTable(table.routes.map((one) => (one === route ? changed : one)));
  }

  #routeWithConfs(route: Route, confs: OtherConfs): Route {
    const extPlugins = { ...route.extPlugins };
    for (const name of Object.keys(confs) as ExtPluginName[]) {
      const plugin = extPlugins[name];
      const conf = confs[name];
      if (plugin === undefined || conf === undefined) {
        throw new ActionError(`the route ${route.id} has no ${name} any more`);
      }
      // Another version of the same route, as when it is edited.
      extPlugins[name] = { ...plugin, conf, key: `${plugin.key}.${++this.#edits}` };
    }
    return { ...route, extPlugins };
  }
}

async function connected({ host, port }: { host: string; port: number }): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: reachable(host), port }, resolve);
  socket.once("error", reject);
  try {
    await promise;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ActionError(`the gateway cannot be reached: ${reason}`, { cause });
  }
  return socket;
}

/** What to connect to, of a gateway that listens on all addresses. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

/** What frames the message is written anew, since the body has been taken out of its framing. */
const FRAMING = ["content-length", "transfer-encoding", "expect"];

function wireBytes({ method, target, headers, body }: RequestToSend): Buffer {
  check(method, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "method", "a word such as GET");
  check(target, /^\/[^\s\x00-\x1f\x7f]*$/, "target", "a path with a leading slash and no spaces");
  const kept = headers.filter((line) => !FRAMING.some((name) => isNamed(line, name)));
  for (const { name, value } of kept) {
    check(String(name), /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "header name", "letters, digits, dashes");
    if (typeof value === "string") {
      check(value, /^[^\r\n\0]*$/, `value of the header ${name}`, "one line");
    }
  }
  const length = body === undefined ? [] : [{ name: "Content-Length", value: String(body.length) }];
  const head = headBytes(`${method} ${target} HTTP/1.1`, [...kept, ...length]);
  return Buffer.concat([head, body ?? new Uint8Array()]);
}

function check(text: string, allowed: RegExp, what: string, rule: string): void {
  if (!allowed.test(text)) {
    throw new ActionError(`the ${what} ${JSON.stringify(text)} cannot be sent: it is ${rule}`);
  }
}
