/** Asks an HTTP service, or OPA, whether a request may pass. */
import { definePlugin, HttpError, type RequestContext, stop } from "apisix-bun-runner";
import { type AuthzConf, Conf } from "./conf.ts";
import { type Decision, decisionOf } from "./decision.ts";
import { Decisions } from "./decisions.ts";
import { questionAbout } from "./question.ts";
import { NoDecisionError, Service } from "./service.ts";

interface State extends Disposable {
  readonly service: Service;
  /** Undefined: every request is a question of its own. */
  readonly decisions: Decisions | undefined;
}

type Context = RequestContext<AuthzConf, State>;

/**
 * @example conf
 * ```json
 * { "name": "http-authz", "value": "{\"mode\":\"opa\",\"url\":\"http://127.0.0.1:8181/v1/data/httpapi/authz\"}" }
 * ```
 */
export default definePlugin({
  name: "http-authz",
  description: "Asks an HTTP service, or OPA, whether a request may pass.",
  // Longer than the longest `timeout` of a conf, which is to end the wait.
  timeout: 35_000,
  config: Conf,
  setup(config): State {
    const service = new Service(config);
    // A client must not get the cookies that were made for another.
    const isShared = !config.clientHeaders.includes("set-cookie");
    const kept = config.cache && { ttl: config.cache.ttl * 1000, size: config.cache.size };
    return {
      service,
      decisions: isShared ? new Decisions(kept) : undefined,
      [Symbol.dispose]: () => service[Symbol.dispose](),
    };
  },
  async request(context) {
    const { request, config, log } = context;
    const decision = await decide(context);
    for (const name of config.upstreamHeaders) request.headers.delete(name);
    if (decision === undefined) {
      if (config.onError === "allow") return;
      throw new HttpError(503, "nobody can say whether this is allowed");
    }
    if (decision.warning !== undefined) log.warn(decision.warning);
    if (!decision.allowed) {
      log.info("refused", { status: decision.status });
      return stop(decision.body, decision);
    }
    for (const [name, value] of decision.headers) request.headers.set(name, value);
  },
});

/** @returns undefined where there is no decision; the log then says why */
async function decide(context: Context): Promise<Decision | undefined> {
  const { config, state, signal, log } = context;
  const question = await questionAbout(context);
  const ask = async (until: AbortSignal) =>
    decisionOf(await state.service.ask(question, until), config);
  try {
    return await (state.decisions?.get(question.key, signal, ask) ?? ask(signal));
  } catch (error) {
    if (signal.aborted || !(error instanceof NoDecisionError)) throw error;
    log.error("there is no decision", { error });
    return undefined;
  }
}
