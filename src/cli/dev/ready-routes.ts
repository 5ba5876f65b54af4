/** The routes of `dev` where no file is given, in APISIX's own format, and the curl lines to try them. */
import { stringify } from "yaml";

/** A route that calls one plugin. */
export interface ReadyRoute {
  readonly uri: string;
  readonly extPlugin: "ext-plugin-pre-req" | "ext-plugin-post-resp";
  readonly plugin: string;
  readonly conf: string;
  /** What curl is given beside the address. */
  readonly curl?: string;
}

/** One for each bundled plugin that shows something at once. */
export const BUNDLED_EXAMPLES: readonly ReadyRoute[] = [
  {
    uri: "/say",
    extPlugin: "ext-plugin-pre-req",
    plugin: "say",
    conf: JSON.stringify({ body: "hello\n" }),
  },
  {
    uri: "/stop",
    extPlugin: "ext-plugin-pre-req",
    plugin: "stop",
    conf: JSON.stringify({ status: 403, body: "not today\n" }),
  },
  {
    uri: "/rewrite",
    extPlugin: "ext-plugin-pre-req",
    plugin: "rewrite",
    conf: JSON.stringify({ path: "/new/path", headers: { "x-added": "1" }, args: { page: "2" } }),
  },
  {
    uri: "/request-body-rewrite",
    extPlugin: "ext-plugin-pre-req",
    plugin: "request-body-rewrite",
    conf: JSON.stringify({ new_body: "the new body" }),
    curl: "-d 'the old body'",
  },
  {
    uri: "/response-rewrite",
    extPlugin: "ext-plugin-post-resp",
    plugin: "response-rewrite",
    conf: JSON.stringify({ status: 202, headers: { "x-server": "9527" } }),
  },
];

/** Routes to a plugin of the author's own: one for each phase it has, with an empty conf. */
export function routesTo(plugin: string, phases: readonly string[]): ReadyRoute[] {
  const routes: ReadyRoute[] = [];
  if (phases.includes("request")) {
    routes.push({ uri: `/${plugin}`, extPlugin: "ext-plugin-pre-req", plugin, conf: "{}" });
  }
  if (phases.includes("response")) {
    const uri = phases.includes("request") ? `/${plugin}/response` : `/${plugin}`;
    routes.push({ uri, extPlugin: "ext-plugin-post-resp", plugin, conf: "{}" });
  }
  return routes;
}

/**
 * An `apisix.yaml` with these routes, and one that leads all else to the upstream.
 *
 * @param upstream host and port
 */
export function readyFile(routes: readonly ReadyRoute[], upstream: string): string {
  const withPlugin = routes.map(({ uri, extPlugin, plugin, conf }) => ({
    id: uri.slice(1).replaceAll("/", "-"),
    uri,
    plugins: { [extPlugin]: { conf: [{ name: plugin, value: conf }] } },
    upstream_id: "upstream",
  }));
  return `${stringify({
    routes: [...withPlugin, { id: "everything-else", uri: "/*", upstream_id: "upstream" }],
    upstreams: [{ id: "upstream", type: "roundrobin", nodes: { [upstream]: 1 } }],
  })}#END\n`;
}

/** What to type to try them. */
export function curlsOf(routes: readonly ReadyRoute[], origin: string): string[] {
  return routes.map(({ uri, curl }) =>
    ["curl -i", curl, `'${origin}${uri}?a=1'`].filter((part) => part !== undefined).join(" "),
  );
}
