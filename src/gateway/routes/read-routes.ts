/** The routes file: APISIX's own apisix.yaml, as far as the gateway follows it. */
import { LineCounter, parseDocument } from "yaml";
import { readHosts, readMatch } from "./read-match.ts";
import {
  EXT_PLUGIN_NAMES,
  mergePlugins,
  NO_PLUGINS,
  type Plugins,
  readPlugins,
} from "./read-plugins.ts";
import { readTimeouts, readUpstream } from "./read-upstream.ts";
import type { ExtPlugin, ExtPluginName, Route, Upstream } from "./route.ts";
import { Fields, Notes, type RouteFileNote, Value } from "./yaml-fields.ts";

export interface ReadRoutes {
  readonly routes: readonly Route[];
  /** Any of these: the file is not to be taken. */
  readonly problems: readonly RouteFileNote[];
  readonly warnings: readonly RouteFileNote[];
}

/** @param version part of every PrepareConf key: a file that changes has another */
export function readRoutes(text: string, version: string): ReadRoutes {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const notes = new Notes(document, lines);
  for (const { message, pos } of document.errors) {
    const line = lines.linePos(pos[0]).line;
    notes.problems.push({ line, place: "YAML", message: message.split("\n", 1)[0] ?? message });
  }
  if (notes.problems.length > 0) return { routes: [], ...notes };
  const fields = Value.of(notes, document.contents, "")?.map();
  if (!fields) return { routes: [], ...notes };
  const routes = new FileReader(fields, version).routes();
  fields.warnOfRest();
  return { routes, problems: notes.problems, warnings: notes.warnings };
}

interface Service {
  readonly id: string;
  readonly hosts: readonly string[] | undefined;
  readonly plugins: Plugins;
  readonly upstream: Upstream | undefined;
}

class FileReader {
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #pluginConfigs: ReadonlyMap<string, Plugins>;
  readonly #services: ReadonlyMap<string, Service>;

  constructor(
    private readonly file: Fields,
    private readonly version: string,
  ) {
    this.#upstreams = this.#byId("upstreams", readUpstream);
    this.#pluginConfigs = this.#byId("plugin_configs", readPluginConfig);
    this.#services = this.#byId("services", (value, id) => this.#service(value, id));
  }

  routes(): Route[] {
    return [...this.#byId("routes", (value, id) => this.#route(value, id)).values()];
  }

  #byId<Item>(
    name: string,
    read: (value: Value, id: string) => Item | undefined,
  ): Map<string, Item> {
    const items = new Map<string, Item>();
    for (const [i, value] of (this.file.get(name)?.list() ?? []).entries()) {
      const id = value.isMap ? value.map()?.get("id")?.id() : undefined;
      const key = id ?? `arr_${i + 1}`;
      if (items.has(key)) value.warn(`the id ${key} is there twice: the last one counts`);
      const item = read(value, key);
      if (item !== undefined) items.set(key, item);
    }
    return items;
  }

  #route(value: Value, id: string): Route | undefined {
    const fields = value.map();
    if (!fields) return undefined;
    fields.ignore("id", "desc", "labels", "create_time", "update_time");
    if (fields.get("status")?.number() === 0) return undefined;
    const service = this.#referred(fields, "service_id", this.#services);
    const config = this.#referred(fields, "plugin_config_id", this.#pluginConfigs);
    const own = mergePlugins(readPlugins(fields.get("plugins")), config ?? NO_PLUGINS);
    const plugins = mergePlugins(own, service?.plugins ?? NO_PLUGINS);
    const upstream = this.#upstream(fields) ?? service?.upstream;
    const timeouts = readTimeouts(fields);
    const route = {
      id,
      name: fields.get("name")?.string(),
      match: readMatch(fields, service?.hosts),
      extPlugins: withKeys(plugins, this.#key(id, service, config !== undefined)),
      proxyRewrite: plugins.proxyRewrite,
      upstream: upstream && timeouts ? { ...upstream, timeouts } : upstream,
    };
    fields.warnOfRest();
    return route;
  }

  /** `route#1#PLUGIN#version`, and as APISIX has it with a service or a plugin config. */
  #key(id: string, service: Service | undefined, hasConfig: boolean): (plugin: string) => string {
    const version = hasConfig ? `${this.version}#${this.version}` : this.version;
    return service
      ? (plugin) => `route&service#${id}&${service.id}#${plugin}#${version}&${this.version}`
      : (plugin) => `route#${id}#${plugin}#${version}`;
  }

  #service(value: Value, id: string): Service | undefined {
    const fields = value.map();
    if (!fields) return undefined;
    fields.ignore("id", "name", "desc", "labels", "create_time", "update_time");
    const service = {
      id,
      hosts: readHosts(fields),
      plugins: readPlugins(fields.get("plugins")),
      upstream: this.#upstream(fields),
    };
    fields.warnOfRest();
    return service;
  }

  #upstream(fields: Fields): Upstream | undefined {
    const referred = this.#referred(fields, "upstream_id", this.#upstreams);
    const own = fields.get("upstream");
    return referred ?? (own && readUpstream(own));
  }

  #referred<Item>(
    fields: Fields,
    name: string,
    items: ReadonlyMap<string, Item>,
  ): Item | undefined {
    const value = fields.get(name);
    const id = value?.id();
    if (value === undefined || id === undefined) return undefined;
    const found = items.get(id);
    if (found === undefined) value.problem(`the file has nothing with the id ${id}`);
    return found;
  }
}

function readPluginConfig(value: Value): Plugins | undefined {
  const fields = value.map();
  if (!fields) return undefined;
  fields.ignore("id", "desc", "labels", "create_time", "update_time");
  const plugins = readPlugins(fields.get("plugins"));
  fields.warnOfRest();
  return plugins;
}

function withKeys(
  { extPlugins }: Plugins,
  key: (plugin: string) => string,
): Partial<Record<ExtPluginName, ExtPlugin>> {
  const keyed: Partial<Record<ExtPluginName, ExtPlugin>> = {};
  for (const name of EXT_PLUGIN_NAMES) {
    const conf = extPlugins[name];
    if (conf) keyed[name] = { ...conf, key: key(name) };
  }
  return keyed;
}
