/** Runs a chain of plugins over one call. */
import { CallEndedError, HttpError } from "../http/errors.ts";
import { Stop, stopFromError } from "../http/stop.ts";
import { stopFromResponse } from "../http/web-response.ts";
import type { Call } from "./call.ts";
import type { HookResult } from "./definition.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import { traced } from "./trace.ts";

/** Thrown out of a hook that took longer than it may. */
export class PluginTimeoutError extends Error {
  override readonly name = "PluginTimeoutError";

  constructor(ms: number) {
    super(
      `no answer within ${ms} ms; a longer time can be set as the plugin's timeout or plugins.timeout`,
    );
  }
}

/** What a chain came to: an answer, or `undefined`: the request (or response) goes on. */
export type ChainResult = Answer | Failure | undefined;

export interface Answer {
  readonly stop: Stop;
  /** The plugin that answered. */
  readonly by: PreparedPlugin;
}

/** The chain broke: the call must fail, whatever its plugins had changed before. */
export class Failure {
  constructor(
    readonly by: PreparedPlugin,
    readonly error: unknown,
  ) {}
}

/**
 * Runs the plugins in the order of the conf until one of them answers or fails. While hooks answer
 * without a promise, no promise is made: the result is there on return.
 *
 * @param timeout ms a hook may take where its plugin says nothing else
 */
export function runChain(
  call: Call,
  steps: readonly PreparedPlugin[],
  timeout: number,
  from = 0,
): ChainResult | Promise<ChainResult> {
  for (let i = from; i < steps.length; i++) {
    const step = steps[i]!;
    let result: ChainResult | Promise<Stop | undefined>;
    try {
      const isTraced = step.log.isEnabled("debug");
      const hook = isTraced ? traced(call, step, () => begin(call, step)) : begin(call, step);
      result = settle(hook, step);
    } catch (error) {
      result = resultOfThrow(step, error, call);
    }
    if (result instanceof Promise) return goOn(call, steps, timeout, i, result);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** Waits for one hook under its deadline, then runs the rest. */
async function goOn(
  call: Call,
  steps: readonly PreparedPlugin[],
  timeout: number,
  index: number,
  pending: Promise<Stop | undefined>,
): Promise<ChainResult> {
  const step = steps[index]!;
  let result: ChainResult;
  try {
    const stop = await underDeadline(pending, step.plugin.timeout ?? timeout);
    result = stop && { stop, by: step };
  } catch (error) {
    if (error instanceof PluginTimeoutError) call.abortStep(error);
    result = resultOfThrow(step, error, call);
  }
  if (result !== undefined) return result;
  if (call.aborted !== undefined) return new Failure(step, call.aborted);
  return runChain(call, steps, timeout, index + 1);
}

function begin(call: Call, step: PreparedPlugin): HookResult | Promise<HookResult> {
  return step.isReady ? call.invoke(step) : invokeWhenReady(call, step);
}

/** Waits for the conf's checks and `setup`; a hook whose time ran out meanwhile does not begin. */
async function invokeWhenReady(call: Call, step: PreparedPlugin): Promise<HookResult> {
  const { turn } = call;
  await step.ready();
  if (call.turn !== turn) throw new CallEndedError("the call ended before the plugin was set up");
  return call.invoke(step);
}

/** What a hook returned, as an answer; still a promise where the hook or a body is. */
function settle(
  result: HookResult | Promise<HookResult>,
  step: PreparedPlugin,
): Answer | undefined | Promise<Stop | undefined> {
  if (result === undefined) return undefined;
  if (isPromise(result)) return Promise.resolve(result).then(toStop);
  const stop = toStop(result);
  return stop instanceof Promise ? stop : stop && { stop, by: step };
}

function toStop(result: HookResult): Stop | undefined | Promise<Stop> {
  if (result === undefined || result === null) return undefined;
  if (result instanceof Stop) return result;
  if (result instanceof Response) return stopFromResponse(result);
  throw new TypeError(
    `a hook returned ${describe(result)}; allowed are nothing, stop(…) and a Response`,
  );
}

function resultOfThrow(step: PreparedPlugin, error: unknown, call: Call): ChainResult {
  if (error instanceof HttpError) {
    step.log.debug("stopped by an HttpError", { request: call.id, error });
    return { stop: stopFromError(error), by: step };
  }
  if (step.plugin.onError === "fail") return new Failure(step, error);
  step.log.error('failed; the chain goes on without it (onError "continue")', {
    request: call.id,
    error,
  });
  return undefined;
}

/** @throws PluginTimeoutError (rejects with it) after `ms`; what comes later is dropped */
function underDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new PluginTimeoutError(ms)), ms);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

function isPromise(value: unknown): value is Promise<HookResult> {
  return (
    value instanceof Promise || (typeof value === "object" && value !== null && "then" in value)
  );
}

function describe(value: unknown): string {
  return value !== null && typeof value === "object" ? "an object" : JSON.stringify(value);
}
