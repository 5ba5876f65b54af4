/** The plugins of a route, service or plugin config of the routes file. */
import type { ConfEntry } from "../../protocol/calls.ts";
import type { ExtPluginName, ProxyRewrite } from "./route.ts";
import type { Value } from "./yaml-fields.ts";

/** An ext-plugin as it stands in the file: the key comes with the route. */
export interface ExtPluginConf {
  readonly conf?: readonly ConfEntry[] | undefined;
  readonly allowDegradation: boolean;
}

export interface Plugins {
  readonly extPlugins: Readonly<Partial<Record<ExtPluginName, ExtPluginConf>>>;
  readonly proxyRewrite?: ProxyRewrite | undefined;
}

export const NO_PLUGINS: Plugins = { extPlugins: {} };

export const EXT_PLUGIN_NAMES: readonly ExtPluginName[] = [
  "ext-plugin-pre-req",
  "ext-plugin-post-req",
  "ext-plugin-post-resp",
];

export function readPlugins(value: Value | undefined): Plugins {
  const fields = value?.map();
  if (!fields) return NO_PLUGINS;
  const extPlugins: Partial<Record<ExtPluginName, ExtPluginConf>> = {};
  for (const name of EXT_PLUGIN_NAMES) {
    const conf = readEnabled(fields.get(name), readExtPlugin);
    if (conf) extPlugins[name] = conf;
  }
  const proxyRewrite = readEnabled(fields.get("proxy-rewrite"), readProxyRewrite);
  fields.warnOfRest();
  return { extPlugins, proxyRewrite };
}

/** The first has a plugin's conf, or the second. */
export function mergePlugins(first: Plugins, second: Plugins): Plugins {
  return {
    extPlugins: { ...second.extPlugins, ...first.extPlugins },
    proxyRewrite: first.proxyRewrite ?? second.proxyRewrite,
  };
}

function readEnabled<Conf>(
  value: Value | undefined,
  read: (value: Value) => Conf | undefined,
): Conf | undefined {
  const plain = value?.plain;
  const isDisabled =
    typeof plain === "object" &&
    plain !== null &&
    "_meta" in plain &&
    typeof plain._meta === "object" &&
    plain._meta !== null &&
    "disable" in plain._meta &&
    plain._meta.disable === true;
  return value === undefined || isDisabled ? undefined : read(value);
}

function readExtPlugin(value: Value): ExtPluginConf | undefined {
  const fields = value.map();
  if (!fields) return undefined;
  const list = fields.get("conf")?.list();
  if (list?.length === 0) value.problem("conf must not be empty: name a plugin, or leave it out");
  const conf = list?.flatMap(readConfEntry);
  const allowDegradation = fields.get("allow_degradation")?.boolean() ?? false;
  fields.warnOfRest();
  return { conf, allowDegradation };
}

function readConfEntry(value: Value): ConfEntry[] {
  const fields = value.map();
  if (!fields) return [];
  const name = fields.get("name");
  const given = fields.get("value");
  if (!name) value.problem("has no name: it names the runner's plugin");
  if (!given) value.problem(`has no value: write value: "{}"`);
  fields.warnOfRest();
  if (given && typeof given.plain === "object") {
    return given.problem("must be a string: write the JSON in quotes, as APISIX wants it") ?? [];
  }
  const entry = { name: name?.string(), value: given?.string() };
  return entry.name === undefined || entry.value === undefined
    ? []
    : [{ name: entry.name, value: entry.value }];
}

function readProxyRewrite(value: Value): ProxyRewrite | undefined {
  const fields = value.map();
  if (!fields) return undefined;
  const rewrite = {
    uri: fields.get("uri")?.string(),
    regexUri: readRegexUri(fields.get("regex_uri")),
    host: fields.get("host")?.string(),
    method: fields.get("method")?.string(),
    ...readHeaders(fields.get("headers")),
  };
  if (rewrite.uri !== undefined && !rewrite.uri.startsWith("/")) {
    value.problem(`uri must begin with a slash, not ${rewrite.uri}`);
  }
  fields.warnOfRest();
  return rewrite;
}

function readRegexUri(value: Value | undefined): [RegExp, string][] {
  const texts = value?.list()?.map((item) => item.string() ?? "") ?? [];
  if (value && (texts.length === 0 || texts.length % 2 !== 0)) {
    value.problem(`must hold pairs of pattern and replacement, not ${texts.length} strings`);
  }
  return texts.flatMap((pattern, i): [RegExp, string][] => {
    if (i % 2 !== 0) return [];
    try {
      return [[new RegExp(pattern), texts[i + 1] ?? ""]];
    } catch {
      return value?.problem(`the pattern ${pattern} is no regular expression of JavaScript`) ?? [];
    }
  });
}

function readHeaders(
  value: Value | undefined,
): Pick<ProxyRewrite, "addHeaders" | "setHeaders" | "removeHeaders"> {
  const fields = value?.map();
  if (!fields) return { addHeaders: [], setHeaders: [], removeHeaders: [] };
  const [add, set, remove] = [fields.get("add"), fields.get("set"), fields.get("remove")];
  // The old notation: the map is what to set.
  if (!add?.isMap && !set?.isMap && !remove?.isList) {
    return { addHeaders: [], setHeaders: headerPairs(value), removeHeaders: [] };
  }
  fields.warnOfRest();
  return {
    addHeaders: headerPairs(add),
    setHeaders: headerPairs(set),
    removeHeaders: remove?.list()?.map((item) => item.string() ?? "") ?? [],
  };
}

function headerPairs(value: Value | undefined): [string, string][] {
  const entries = value?.map()?.all() ?? [];
  return entries.flatMap(([name, given]) => {
    const values = given.isList ? (given.list() ?? []) : [given];
    return values.map((one): [string, string] => [name, one.id() ?? ""]);
  });
}
