/** Calls the hooks of a plugin that is a class. */
import type { Stop } from "../http/stop.ts";
import { StopResponse } from "../http/stop-response.ts";
import { type Base, instantiate, type PluginClass } from "./base.ts";
import { type RequestContext, requestCallOf, type ResponseContext } from "./context.ts";
import type { HookResult } from "./definition.ts";

/** Runs `filter` of a new instance. */
export function callFilter(
  Class: PluginClass,
  context: RequestContext,
): HookResult | Promise<HookResult> {
  const instance = instantiate(Class, context);
  const response = new StopResponse();
  const result = instance.filter?.(context.request, response);
  return result instanceof Promise
    ? result.then((settled) => settled ?? outcome(instance, response, context))
    : (result ?? outcome(instance, response, context));
}

/** Runs `filterResponse` of a new instance. */
export function callFilterResponse(
  Class: PluginClass,
  context: ResponseContext,
): HookResult | Promise<HookResult> {
  return instantiate(Class, context).filterResponse?.(context.response);
}

function outcome(
  instance: Base,
  response: StopResponse,
  context: RequestContext,
): Stop | undefined {
  if (instance.stopped) return response.toStop();
  const { setHeaders } = response;
  const left =
    setHeaders === undefined ? [] : requestCallOf(context).addResponseHeaders(setHeaders);
  if (response.hasAnswer) left.unshift("status or body");
  if (left.length > 0) {
    context.log.warn(
      `the request goes on without ${left.join(", ")} of its response: call this.stop() to send it`,
    );
  }
  return undefined;
}
