/** Finds the route of a request, as APISIX's router radixtree_host_uri does. */
import { decodeText, type WireText } from "../../protocol/text-entries.ts";
import { latin1Of } from "../wire-text.ts";
import { holds } from "./conditions.ts";
import type { Route } from "./route.ts";

/** What of a request decides its route. */
export interface RoutedRequest {
  readonly method: string;
  /** Percent-decoded and normalised. */
  readonly path: WireText;
  /** In lower case and without port; `undefined` where the request has none. */
  readonly host: string | undefined;
  /** A variable's value; `undefined` where it is not set. */
  variable(name: string): WireText | undefined;
}

/** One `uri` of one route. */
interface Entry {
  readonly route: Route;
  readonly prefix: Buffer;
  readonly isExact: boolean;
}

export class RouteTable {
  readonly #byHost: { readonly host: string; readonly entries: readonly Entry[] }[];
  readonly #ofAnyHost: readonly Entry[];

  constructor(readonly routes: readonly Route[]) {
    const hosts = new Set(routes.flatMap(({ match }) => match.hosts ?? []));
    this.#byHost = [...hosts].sort(byHost).map((host) => ({
      host,
      entries: entriesOf(routes.filter(({ match }) => match.hosts?.includes(host))),
    }));
    this.#ofAnyHost = entriesOf(routes.filter(({ match }) => match.hosts === undefined));
  }

  /** Routes with a host come first; then the path counts, exact before prefix and long before short. */
  find(request: RoutedRequest): Route | undefined {
    const { host } = request;
    const tables = this.#byHost.filter((one) => host !== undefined && hasHost(one.host, host));
    for (const { entries } of tables) {
      const found = firstMatch(entries, request);
      if (found) return found;
    }
    return firstMatch(this.#ofAnyHost, request);
  }
}

function firstMatch(entries: readonly Entry[], request: RoutedRequest): Route | undefined {
  const path = Buffer.from(latin1Of(request.path), "latin1");
  return entries.find(({ route: { match }, prefix, isExact }) => {
    const fits = isExact ? path.equals(prefix) : path.subarray(0, prefix.length).equals(prefix);
    return (
      fits &&
      (match.methods?.includes(request.method) ?? true) &&
      match.vars.every((condition) => holds(condition, (name) => request.variable(name)))
    );
  })?.route;
}

function entriesOf(routes: readonly Route[]): Entry[] {
  return routes
    .flatMap((route) => route.match.uris.map((uri) => entryOf(route, uri)))
    .sort(
      (a, b) =>
        Number(b.isExact) - Number(a.isExact) ||
        b.prefix.length - a.prefix.length ||
        b.route.match.priority - a.route.match.priority,
    );
}

function entryOf(route: Route, uri: string): Entry {
  const isExact = !uri.endsWith("*");
  return { route, isExact, prefix: Buffer.from(isExact ? uri : uri.slice(0, -1)) };
}

/** Exact ones first, then the longest. */
function byHost(a: string, b: string): number {
  return Number(a.startsWith("*")) - Number(b.startsWith("*")) || b.length - a.length;
}

function hasHost(pattern: string, host: string): boolean {
  return pattern.startsWith("*") ? host.endsWith(pattern.slice(1)) : host === pattern;
}

/** The host of a header, in lower case and without port. */
export function hostName(header: WireText | undefined): string | undefined {
  return header && decodeText(header).replace(/:\d+$/, "").toLowerCase();
}
