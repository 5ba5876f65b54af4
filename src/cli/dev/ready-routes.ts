/** The routes of `dev` where no file is given: one for each bundled plugin, in APISIX's own format. */
import { stringify } from "yaml";

/** A route to try, and what to try on it. */
interface Example {
  readonly uri: string;
  readonly extPlugin: "ext-plugin-pre-req" | "ext-plugin-post-resp";
  readonly plugin: string;
  readonly conf: object;
  /** What curl is given beside the address. */
  readonly curl?: string;
}

const EXAMPLES: readonly Example[] = [
  { uri: "/say", extPlugin: "ext-plugin-pre-req", plugin: "say", conf: { body: "hello\n" } },
  {
    uri: "/stop",
    extPlugin: "ext-plugin-pre-req",
    plugin: "stop",
    conf: { status: 403, body: "not today\n" },
  },
  {
    uri: "/rewrite",
    extPlugin: "ext-plugin-pre-req",
    plugin: "rewrite",
    conf: { path: "/new/path", headers: { "x-added": "1" }, args: { page: "2" } },
  },
  {
    uri: "/body",
    extPlugin: "ext-plugin-pre-req",
    plugin: "request-body-rewrite",
    conf: { new_body: "the new body" },
    curl: "-d 'the old body'",
  },
  {
    uri: "/response",
    extPlugin: "ext-plugin-post-resp",
    plugin: "response-rewrite",
    conf: { status: 202, headers: { "x-server": "9527" } },
  },
];

/** @param upstream host and port */
export function readyRoutes(upstream: string): string {
  const nodes = { [upstream]: 1 };
  const examples = EXAMPLES.map(({ uri, extPlugin, plugin, conf }) => ({
    id: plugin,
    uri,
    plugins: { [extPlugin]: { conf: [{ name: plugin, value: JSON.stringify(conf) }] } },
    upstream_id: "upstream",
  }));
  return `${stringify({
    routes: [...examples, { id: "everything-else", uri: "/*", upstream_id: "upstream" }],
    upstreams: [{ id: "upstream", type: "roundrobin", nodes }],
  })}#END\n`;
}

/** What to type. */
export function readyCurls(origin: string): string[] {
  return EXAMPLES.map(({ uri, curl }) =>
    ["curl -i", curl, `'${origin}${uri}?a=1'`].filter((part) => part !== undefined).join(" "),
  );
}
