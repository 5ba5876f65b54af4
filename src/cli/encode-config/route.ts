/** The route that calls a plugin with a conf, in each of the ways to hand it to APISIX. */
import { type Json, pretty, toJson } from "./json.ts";
import { adminUrl, type EncodeOptions, type ExtPlugin, upstreamOf } from "./usage.ts";
import { yamlText } from "./yaml-text.ts";

export interface Entry {
  readonly name: string;
  /** What APISIX hands to the runner. */
  readonly value: string;
}

/** The entry of a `conf` list. */
export function entryText({ name, value }: Entry, { format }: EncodeOptions): string {
  const entry = toJson({ name, value });
  return format === "yaml"
    ? yamlText({ kind: "list", items: [entry] })
    : `{ "name": ${JSON.stringify(name)}, "value": ${pretty(toJson(value))} }`;
}

export function routeText(entry: Entry, extPlugin: ExtPlugin, options: EncodeOptions): string {
  switch (options.format) {
    case "yaml":
      return `${yamlText(toJson({ routes: [{ id: options.id, ...routeOf(entry, extPlugin, options) }] }))}\n#END`;
    case "curl":
      // The id is in the address.
      return curl(toJson(routeOf(entry, extPlugin, options)), options);
    default:
      return pretty(toJson({ id: options.id, ...routeOf(entry, extPlugin, options) }));
  }
}

function routeOf({ name, value }: Entry, extPlugin: ExtPlugin, options: EncodeOptions): object {
  const upstream = upstreamOf(options);
  return {
    uri: options.route,
    plugins: { [extPlugin]: { conf: [{ name, value }] } },
    upstream: upstream && {
      type: "roundrobin",
      scheme: upstream.scheme === "https" ? "https" : undefined,
      nodes: { [upstream.node]: 1 },
    },
  };
}

/**
 * A command for a POSIX shell. The body is a quoted here-document: no character means anything to the
 * shell in it, and it may be longer than an argument.
 */
function curl(route: Json, options: EncodeOptions): string {
  const { id } = options;
  const routes = `${adminUrl(options)}/apisix/admin/routes`;
  return [
    `curl -i -X ${id === undefined ? "POST" : "PUT"} ${shellWord(id === undefined ? routes : `${routes}/${id}`)} \\`,
    `  -H "X-API-KEY: \${ADMIN_KEY:?set it to the key of the Admin API}" \\`,
    `  -H "Content-Type: application/json" --data-binary @- <<'END'`,
    // No line of it is the end mark: each begins with a brace or a space.
    pretty(route),
    "END",
  ].join("\n");
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
