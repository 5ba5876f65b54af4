/** A route as the gateway follows it: what of APISIX's route, service, plugin config and upstream counts here. */
import type { ConfEntry } from "../../protocol/calls.ts";
import type { Condition } from "./conditions.ts";

export interface Route {
  readonly id: string;
  readonly name?: string | undefined;
  readonly match: RouteMatch;
  /** By the name that the file has. */
  readonly extPlugins: Readonly<Partial<Record<ExtPluginName, ExtPlugin>>>;
  readonly proxyRewrite?: ProxyRewrite | undefined;
  /** `undefined`: a request that comes as far gets 503. */
  readonly upstream?: Upstream | undefined;
}

export type ExtPluginName = "ext-plugin-pre-req" | "ext-plugin-post-req" | "ext-plugin-post-resp";

export interface RouteMatch {
  /** Each exact, or a prefix with a `*` at its end. */
  readonly uris: readonly string[];
  /** In lower case, exact or with a `*.` in front; `undefined`: any. */
  readonly hosts?: readonly string[] | undefined;
  /** `undefined`: any. */
  readonly methods?: readonly string[] | undefined;
  /** All have to hold. */
  readonly vars: readonly Condition[];
  /** Among routes with the same path the highest is taken. */
  readonly priority: number;
}

/** One of the three plugins of APISIX that call a runner. */
export interface ExtPlugin {
  /** As PrepareConf has it: `route#1#ext-plugin-pre-req#1`. */
  readonly key: string;
  /** `undefined`: the file has none, and no vector is sent. */
  readonly conf?: readonly ConfEntry[] | undefined;
  /** The request goes on where the runner fails. */
  readonly allowDegradation: boolean;
}

/** What is known here of APISIX's plugin of that name. */
export interface ProxyRewrite {
  readonly uri?: string | undefined;
  /** Pattern and replacement; the first that matches counts. */
  readonly regexUri: readonly (readonly [pattern: RegExp, replacement: string])[];
  readonly host?: string | undefined;
  readonly method?: string | undefined;
  readonly addHeaders: readonly (readonly [name: string, value: string])[];
  readonly setHeaders: readonly (readonly [name: string, value: string])[];
  readonly removeHeaders: readonly string[];
}

export interface Upstream {
  readonly nodes: readonly UpstreamNode[];
  readonly scheme: "http" | "https";
  /** What becomes of the `host` header: the client's, the node's, or `host`. */
  readonly passHost: "pass" | "node" | "rewrite";
  readonly host?: string | undefined;
  /** All in ms. */
  readonly timeouts: Timeouts;
  /** How many further nodes are tried; all of them by default. */
  readonly retries?: number | undefined;
}

export interface UpstreamNode {
  readonly host: string;
  readonly port: number;
  /** 0: gets no requests. */
  readonly weight: number;
}

export interface Timeouts {
  readonly connect: number;
  readonly send: number;
  readonly read: number;
}

/** APISIX's own, ms. */
export const DEFAULT_TIMEOUTS: Timeouts = { connect: 60_000, send: 60_000, read: 60_000 };
