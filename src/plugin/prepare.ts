/** Makes a chain of plugins out of what APISIX asks to prepare. */
import type { Logger } from "../log/logger.ts";
import type { StoreSource } from "../store/stores.ts";
import { InvalidConfError } from "./conf.ts";
import type { ConfCache } from "./conf-cache.ts";
import { type ConfRequest, contentOf, requestOf } from "./conf-content.ts";
import { phaseOf } from "./conf-key.ts";
import { type Plugin, type PluginProblem, phasesOf } from "./plugin.ts";
import { PreparedConf, type Refusal } from "./prepared-conf.ts";
import { PreparedPlugin } from "./prepared-plugin.ts";
import { isProblem, type PluginRegistry } from "./registry.ts";
import { parseRoute, type Route } from "./route.ts";
import type { SecretSources } from "./secrets.ts";

export interface PrepareOptions {
  readonly registry: PluginRegistry;
  readonly confs: ConfCache;
  readonly secrets: SecretSources;
  readonly store: StoreSource;
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
  const { confs } = options;
  const content = contentOf(request);
  const known = confs.touch(content);
  if (known !== undefined) return known;
  const plugins = findAll(request, options);
  // Once they are loaded they are looked up again: a reload may have replaced one meanwhile.
  if (plugins instanceof Promise) return plugins.then(() => prepareConf(request, options));
  return prepareNew(request, plugins, options);
}

/**
 * Prepares a conf that another runner has given this token to.
 *
 * @returns whether there is one
 */
export async function prepareInherited(token: number, options: PrepareOptions): Promise<boolean> {
  const { confs } = options;
  const inherited = confs.inherited(token);
  if (inherited === undefined) return confs.get(token) !== undefined;
  const request = requestOf(inherited.content);
  const plugins = await findAll(request, options);
  // Another call may have had the same wish meanwhile.
  if (confs.inherited(token) === inherited) {
    confs.adopt(build(request, token, plugins, options), inherited);
  }
  return true;
}

/**
 * Makes the chains anew whose plugins or secrets are others now, under the tokens they have: calls
 * that come from here on run the new code, those under way end on the old.
 *
 * @returns how many
 */
export async function prepareAgain(options: PrepareOptions): Promise<number> {
  let count = 0;
  let turnBegan = performance.now();
  for (const conf of options.confs.all()) {
    if (performance.now() - turnBegan > TURN_MS) {
      await new Promise(setImmediate);
      turnBegan = performance.now();
    }
    const request = requestOf(conf.content);
    const found = await findAll(request, options);
    if (isCurrent(conf, request, found, options)) continue;
    options.confs.replace(conf, build(request, conf.token, found, options));
    count++;
  }
  return count;
}

/** ms that preparing many confs again may keep calls waiting. */
const TURN_MS = 5;

/** A plugin that refused its conf has no step: whether it still would is only found by preparing it. */
function isCurrent(
  { steps }: PreparedConf,
  { conf }: ConfRequest,
  found: readonly Found[],
  { secrets }: PrepareOptions,
): boolean {
  return (
    steps.length === conf.length &&
    steps.every((step, i) => step.plugin === found[i] && step.hasCurrentSecrets(secrets))
  );
}

function prepareNew(
  request: ConfRequest,
  plugins: readonly Found[],
  options: PrepareOptions,
): PreparedConf {
  const token = options.confs.tokenFor(contentOf(request));
  const prepared = build(request, token, plugins, options);
  options.confs.add(prepared);
  return prepared;
}

/** The plugins that a conf names; a promise where one of them is being loaded. */
function findAll(
  { conf }: ConfRequest,
  { registry }: PrepareOptions,
): readonly Found[] | Promise<readonly Found[]> {
  const found = conf.map(({ name }) => registry.find(name));
  return found.some((plugin) => plugin instanceof Promise)
    ? Promise.all(found)
    : (found as readonly Found[]);
}

type Found = Plugin | PluginProblem | undefined;

function build(
  request: ConfRequest,
  token: number,
  plugins: readonly Found[],
  options: PrepareOptions,
): PreparedConf {
  const { key, conf } = request;
  const route = parseRoute(key);
  const steps: PreparedPlugin[] = [];
  const refusals: Refusal[] = [];
  conf.forEach(({ name, value }, i) => {
    const plugin = usable(plugins[i], name, route, options.registry);
    if (typeof plugin === "string") {
      refusals.push({ plugin: name, reason: plugin });
      return;
    }
    const step = new PreparedPlugin(plugin, route, options.log, options.store);
    try {
      step.prepare(value, options.secrets);
      steps.push(step);
    } catch (error) {
      step.dispose();
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
  // A refused conf never runs: what was set up for the rest of its chain has no use.
  if (refusals.length > 0) for (const step of steps.splice(0)) step.dispose();
  return new PreparedConf(token, contentOf(request), route, steps, refusals);
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
  if (registry.isRefused(name, route.key)) {
    return "it did not yield time and again, and the process had to be replaced; mend it, then reload (SIGHUP) or restart";
  }
  const phase = phaseOf(route);
  if (phase === undefined || phasesOf(plugin).includes(phase)) return plugin;
  return phase === "request"
    ? "it has no request phase: name it in ext-plugin-post-resp"
    : "it has no response phase: name it in ext-plugin-pre-req or ext-plugin-post-req";
}
