/** One request's way through the gateway: route, plugins, upstream, plugins, response. */
import type { ClientExchange } from "./client-exchange.ts";
import type { PhaseEvent, UpstreamEvent } from "./events.ts";
import { ExtPlugins } from "./ext-plugins.ts";
import { gatewayVariable } from "./gateway-variables.ts";
import { CutOffError } from "./http1/socket-reader.ts";
import { MalformedMessageError } from "./http1/message.ts";
import type { OutgoingResponse } from "./http1/write-response.ts";
import type { ClientRequest } from "./http-message.ts";
import {
  effectResponse,
  errorResponse,
  proxiedResponse,
  routeNotFound,
  upstreamStatus,
} from "./outgoing.ts";
import { type PassingRequest, passingRequest, upstreamTarget, withSet } from "./passing-request.ts";
import { proxyRewritten } from "./proxy-rewrite.ts";
import type { Route, Upstream, UpstreamNode } from "./routes/route.ts";
import { hostName, type RouteTable } from "./routes/route-table.ts";
import type { RunnerCalls } from "./runner-calls.ts";
import { InvalidTargetError, parseTarget } from "./target.ts";
import { postRespHeaders, proxyHeaders, withPassHost } from "./upstream-headers.ts";
import { type NodeResponse, UpstreamError, type Upstreams } from "./upstreams.ts";
import { latin1Of, valuesOf } from "./wire-text.ts";

/** What exchanges share. */
export interface ExchangeParts {
  readonly table: RouteTable;
  readonly runner: RunnerCalls;
  readonly upstreams: Upstreams;
}

/** The client has gone before there was an answer. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}

export class Exchange {
  readonly phases: PhaseEvent[] = [];
  route: Route | undefined;
  upstream: UpstreamEvent | undefined;
  /** Why the gateway answered by itself. */
  error: string | undefined;
  readonly #plugins: ExtPlugins;
  #response: NodeResponse | undefined;

  constructor(
    private readonly client: ClientExchange,
    private readonly parts: ExchangeParts,
  ) {
    this.#plugins = new ExtPlugins(client, parts.runner, this.phases);
  }

  /** @throws ClientGoneError */
  async respond(): Promise<OutgoingResponse> {
    try {
      return await this.#routed();
    } catch (error) {
      if (error instanceof CutOffError) throw new ClientGoneError(error.message, { cause: error });
      if (error instanceof InvalidTargetError || error instanceof MalformedMessageError) {
        this.error = error.message;
        return errorResponse(400);
      }
      throw error;
    }
  }

  /** Gives up what is still open towards the upstream. */
  abort(): void {
    this.#response?.abort();
  }

  async #routed(): Promise<OutgoingResponse> {
    const { head, headers } = this.client;
    const { method, target } = head;
    const original: ClientRequest = { method, target, ...parseTarget(target), headers };
    const passing = passingRequest(original);
    const { table } = this.parts;
    const source = { client: this.client, original, passing };
    this.route = table.find({
      method,
      path: original.path,
      host: hostName(valuesOf(headers, "host")[0]),
      variable: (name) => gatewayVariable(name, source),
    });
    if (this.route === undefined) {
      this.error = "no route matches";
      return routeNotFound();
    }
    return this.#throughPlugins(this.route, original, passing);
  }

  async #throughPlugins(
    route: Route,
    original: ClientRequest,
    start: PassingRequest,
  ): Promise<OutgoingResponse> {
    const { extPlugins, proxyRewrite } = route;
    const plugins = this.#plugins;
    const context = { original, route };
    const first = await plugins.onRequest("ext-plugin-pre-req", start, context);
    if (first.kind === "respond") return effectResponse(first, first.before);
    let passing = first.request;
    if (proxyRewrite) {
      const source = { client: this.client, original, passing, route };
      passing = proxyRewritten(passing, proxyRewrite, (name) => gatewayVariable(name, source));
    }
    const second = await plugins.onRequest("ext-plugin-post-req", passing, context);
    if (second.kind === "respond") return effectResponse(second, second.before);
    passing = second.request;

    const { upstream } = route;
    if (!upstream?.nodes.length) {
      this.error = upstream ? "the upstream has no nodes" : "the route has no upstream";
      return errorResponse(503, passing.responseHeaders);
    }
    const node = this.parts.upstreams.pick(upstream);
    if (node === undefined) {
      this.error = "every node of the upstream has the weight 0";
      return errorResponse(502, passing.responseHeaders);
    }
    const body = passing.body ?? (await this.client.body.read());
    if (this.client.isGone) throw new ClientGoneError("the client went away");
    passing = { ...withPassHost(passing, upstream, node), body };
    return extPlugins["ext-plugin-post-resp"]
      ? this.#throughPostResp(passing, upstream, node, context)
      : this.#proxied(passing, upstream, node);
  }

  async #proxied(
    passing: PassingRequest,
    upstream: Upstream,
    node: UpstreamNode,
  ): Promise<OutgoingResponse> {
    const target = upstreamTarget(passing);
    if (target === undefined) {
      this.error = `the path ${passing.upstreamUri} does not start with a slash`;
      return errorResponse(502, passing.responseHeaders);
    }
    const headers = proxyHeaders(passing, this.client.origin.remoteAddr, this.#bodyLength(passing));
    try {
      const response = await this.#send(upstream, node, { ...passing, headers, target });
      return proxiedResponse(response, passing.responseHeaders, response.body);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { status } = error;
      return errorResponse(status, [...passing.responseHeaders, ...upstreamStatus(status)]);
    }
  }

  async #throughPostResp(
    passing: PassingRequest,
    upstream: Upstream,
    node: UpstreamNode,
    context: { original: ClientRequest; route: Route },
  ): Promise<OutgoingResponse> {
    let response: NodeResponse;
    try {
      response = await this.#send(upstream, node, {
        ...passing,
        // APISIX sends the path that nginx has decoded, encoded or not.
        target: passing.upstreamUri || plainTarget(passing),
        headers: postRespHeaders(passing, this.#bodyLength(passing)),
      });
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return errorResponse(502, passing.responseHeaders);
    }
    const after = await this.#plugins.onResponse(response, passing, context);
    if (after.kind === "respond") {
      // With a body of the runner's own the upstream's is not needed any more.
      if (after.body === undefined || after.body instanceof Uint8Array) response.abort();
      return { ...effectResponse(after, passing.responseHeaders), body: after.body };
    }
    // Without a body nothing has been sent, and nginx goes on to the upstream once more.
    for await (const _piece of response.body);
    const responseHeaders = withSet(passing.responseHeaders, after.responseHeaders);
    return this.#proxied({ ...passing, responseHeaders }, upstream, node);
  }

  async #send(
    upstream: Upstream,
    node: UpstreamNode,
    request: PassingRequest & { target: string },
  ): Promise<NodeResponse> {
    const began = performance.now();
    const host = latin1Of(request.upstreamHost ?? "");
    let used = node;
    let answered: Pick<UpstreamEvent, "status" | "headers"> = {};
    try {
      const response = await this.parts.upstreams.send(upstream, node, host, request);
      this.#response = response;
      used = response.node;
      answered = { status: response.status, headers: response.headers };
      return response;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      const { method, target, headers } = request;
      this.upstream = {
        node: `${used.host}:${used.port}`,
        at: began - this.client.began,
        duration: performance.now() - began,
        request: { method, target, headers },
        ...answered,
      };
    }
  }

  #bodyLength({ body }: PassingRequest): number | undefined {
    return body?.length || this.client.body.isExpected ? (body?.length ?? 0) : undefined;
  }
}

function plainTarget({ uri, query }: PassingRequest): string {
  const path = Buffer.from(latin1Of(uri), "latin1").toString();
  return query === "" ? path : `${path}?${query}`;
}
