/** Runs a chain of plugins over one call. */
import { CallEndedError, HttpError } from "../http/errors.ts";
import { Stop, stopFromError } from "../http/stop.ts";
import { stopFromResponse } from "../http/web-response.ts";
import { board } from "../watchdog/board.ts";
import type { Call } from "./call.ts";
import type { HookResult } from "./definition.ts";
import type { HookOutcome } from "./observer.ts";
import type { Leave, Places } from "./places.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import { callTimeout, PluginTimeoutError, pluginTimeout } from "./timeouts.ts";
import { traced } from "./trace.ts";

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

  /** The error as the log takes it. */
  get shown(): unknown {
    return shown(this.error);
  }
}

/** A log leaves out a field that is undefined, and a plugin may have thrown just that. */
function shown(error: unknown): unknown {
  return error === undefined ? "undefined" : error;
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
  const { observation } = call;
  for (let i = from; i < steps.length; i++) {
    const step = steps[i]!;
    let result: ChainResult | Promise<Stop | undefined>;
    observation?.hookBegan(step);
    try {
      const isTraced = step.log.isEnabled("debug");
      const hook = isTraced ? traced(call, step, () => begin(call, step)) : begin(call, step);
      result = settle(hook, step, call);
      if (observation !== undefined && !(result instanceof Promise)) {
        observation.hookEnded(step, outcomeOf(result));
      }
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
  const place = board.wait(step, call.id);
  try {
    const stop = await underDeadline(pending, call, step, step.plugin.timeout ?? timeout);
    result = stop && { stop, by: step };
    call.observation?.hookEnded(step, outcomeOf(stop));
  } catch (error) {
    result = resultOfThrow(step, error, call);
    if (result === undefined) call.detach();
  } finally {
    board.done(place);
  }
  if (result !== undefined) return result;
  if (call.aborted !== undefined) return new Failure(step, call.aborted);
  return runChain(call, steps, timeout, index + 1);
}

function begin(call: Call, step: PreparedPlugin): HookResult | Promise<HookResult> {
  const around = call.observation?.around;
  return around === undefined ? enter(call, step) : around(() => enter(call, step));
}

function enter(call: Call, step: PreparedPlugin): HookResult | Promise<HookResult> {
  const { places } = step.plugin;
  return places === undefined ? invoke(call, step) : invokeInPlace(call, step, places);
}

/** Takes a place in the plugin for as long as its hook runs, or until that has lost its turn. */
function invokeInPlace(
  call: Call,
  step: PreparedPlugin,
  places: Places,
): HookResult | Promise<HookResult> {
  const { turn } = call;
  const invokeAndLeave = (leave: Leave): HookResult | Promise<HookResult> => {
    call.onTurnEnd(leave);
    let result: HookResult | Promise<HookResult>;
    try {
      if (call.turn !== turn) throw new CallEndedError("the call ended before the plugin's turn");
      result = invoke(call, step);
    } catch (error) {
      leave();
      throw error;
    }
    if (isPromise(result)) return Promise.resolve(result).finally(leave);
    leave();
    return result;
  };
  const place = places.enter((gone) => call.onTurnEnd(gone));
  return place instanceof Promise ? place.then(invokeAndLeave) : invokeAndLeave(place);
}

function invoke(call: Call, step: PreparedPlugin): HookResult | Promise<HookResult> {
  return step.isReady ? callHook(call, step) : invokeWhenReady(call, step);
}

/** Waits for the conf's checks and `setup`; a hook whose time ran out meanwhile does not begin. */
async function invokeWhenReady(call: Call, step: PreparedPlugin): Promise<HookResult> {
  const { turn } = call;
  await step.ready();
  if (call.turn !== turn) throw new CallEndedError("the call ended before the plugin was set up");
  return callHook(call, step);
}

/** A hook that does not return is found by what stands on the board. */
function callHook(call: Call, step: PreparedPlugin): HookResult | Promise<HookResult> {
  board.enterHook(step, call.id);
  try {
    return call.invoke(step);
  } finally {
    board.leave();
  }
}

/** What a hook returned, as an answer; still a promise where the hook or a body is. */
function settle(
  result: HookResult | Promise<HookResult>,
  step: PreparedPlugin,
  call: Call,
): Answer | undefined | Promise<Stop | undefined> {
  if (result === undefined) return undefined;
  if (isPromise(result)) return Promise.resolve(result).then((settled) => toStop(settled, call));
  const stop = toStop(result, call);
  return stop instanceof Promise ? stop : stop && { stop, by: step };
}

function toStop(result: HookResult, call: Call): Stop | undefined | Promise<Stop> {
  if (result === undefined || result === null) return undefined;
  if (result instanceof Stop) return result;
  if (result instanceof Response) return stopFromResponse(result, (end) => call.onTurnEnd(end));
  throw new TypeError(
    `a hook returned ${describe(result)}; allowed are nothing, stop(…) and a Response`,
  );
}

function outcomeOf(answer: object | undefined): HookOutcome {
  return answer === undefined ? "passed" : "stopped";
}

function outcomeOfThrow(error: unknown, call: Call): HookOutcome {
  if (error instanceof HttpError) return "stopped";
  if (call.aborted !== undefined) return "gone";
  return error instanceof PluginTimeoutError ? "timeout" : "failed";
}

function resultOfThrow(step: PreparedPlugin, error: unknown, call: Call): ChainResult {
  call.observation?.hookEnded(step, outcomeOfThrow(error, call), error);
  if (error instanceof HttpError) {
    step.log.debug("stopped by an HttpError", { request: call.id, error });
    return { stop: stopFromError(error), by: step };
  }
  if (step.plugin.onError === "fail") return new Failure(step, error);
  step.log.error('failed; the chain goes on without it (onError "continue")', {
    request: call.id,
    error: shown(error),
  });
  return undefined;
}

/**
 * Ends the plugin's turn after `ms`, or when the whole chain may wait no longer; what comes later is dropped.
 *
 * @throws PluginTimeoutError (rejects with it)
 */
function underDeadline<T>(
  work: Promise<T>,
  call: Call,
  { plugin }: PreparedPlugin,
  ms: number,
): Promise<T> {
  const left = call.timeLeft();
  return new Promise((resolve, reject) => {
    const end = (): void => {
      const error = left < ms ? callTimeout(plugin.name) : pluginTimeout(plugin.name, ms);
      call.abortStep(error);
      reject(error);
    };
    const timer = setTimeout(end, Math.min(ms, left));
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
