/** Makes a chain of plugins out of what APISIX asks to prepare. */
import type { Logger } from "../log/logger.ts";
import { InvalidConfError } from "./conf.ts";
import { contentOf, type ConfCache } from "./conf-cache.ts";
import { type Phase, type Plugin, type PluginProblem, phasesOf } from "./plugin.ts";
import { PreparedConf, type Refusal } from "./prepared-conf.ts";
import { PreparedPlugin } from "./prepared-plugin.ts";
import { isProblem, type PluginRegistry } from "./registry.ts";
import { parseRoute, type Route } from "./route.ts";
import type { SecretSources } from "./secrets.ts";

export interface ConfRequest {
  readonly key: string;
  readonly conf: readonly { readonly name: string; readonly value: string }[];
}

export interface PrepareOptions {
  readonly registry: PluginRegistry;
  readonly confs: ConfCache;
  readonly secrets: SecretSources;
  readonly log: Logger;
}

/**
 * The prepared conf for this content: the one there is, or a new one. A conf that cannot run is
 * prepared as well: its refusals say why, and to prepare it again costs a look-up.
 */
export function prepareConf(
  request: ConfRequest,
  options: PrepareOptions,
): PreparedConf | Promise<PreparedConf> {
  const content = contentOf(request.key, request.conf);
  const known = options.confs.touch(content);
  if (known !== undefined) return known;
  const found = request.conf.map(({ name }) => options.registry.find(name));
  return found.some((plugin) => plugin instanceof Promise)
    ? Promise.all(found).then(
        (plugins) => options.confs.touch(content) ?? build(request, content, plugins, options),
      )
    : build(request, content, found as Found[], options);
}

type Found = Plugin | PluginProblem | undefined;

function build(
  { key, conf }: ConfRequest,
  content: string,
  plugins: readonly Found[],
  options: PrepareOptions,
): PreparedConf {
  const route = parseRoute(key);
  const steps: PreparedPlugin[] = [];
  const refusals: Refusal[] = [];
  conf.forEach(({ name, value }, i) => {
    const plugin = usable(plugins[i], name, route, options.registry);
    if (typeof plugin === "string") {
      refusals.push({ plugin: name, reason: plugin });
      return;
    }
    const step = new PreparedPlugin(plugin, route, options.log);
    try {
      step.prepare(value, options.secrets);
      steps.push(step);
    } catch (error) {
      // Whatever went wrong, a chain without this plugin must not run in its place.
      if (plugin.onError === "fail") {
        const reason = error instanceof InvalidConfError ? error.message : String(error);
        refusals.push({ plugin: name, reason: `conf is not valid: ${reason}` });
      } else {
        step.log.error('conf is not valid; the chain runs without it (onError "continue")', {
          error,
        });
      }
    }
  });
  const prepared = new PreparedConf(
    options.confs.tokenFor(content),
    content,
    route,
    steps,
    refusals,
  );
  options.confs.add(prepared);
  return prepared;
}

/** The plugin, or why it cannot run where the route names it: one that never runs protects nobody. */
function usable(
  plugin: Found,
  name: string,
  route: Route,
  registry: PluginRegistry,
): Plugin | string {
  if (plugin === undefined) {
    return `there is no plugin of this name; there are ${registry.names().join(", ") || "none"}`;
  }
  if (isProblem(plugin)) return `its file did not load: ${plugin.problem}`;
  const phase = phaseOf(route);
  if (phase === undefined || phasesOf(plugin).includes(phase)) return plugin;
  return phase === "request"
    ? "it has no request phase: name it in ext-plugin-post-resp"
    : "it has no response phase: name it in ext-plugin-pre-req or ext-plugin-post-req";
}

/** The phase in which a conf's calls come, where its key tells. */
export function phaseOf(route: Route): Phase | undefined {
  if (route.plugin === undefined) return undefined;
  return route.plugin === "ext-plugin-post-resp" ? "response" : "request";
}
