/** What metrics and traces are told of calls. Without an observer each of these points costs a comparison. */
import type { ExtraInfoKind } from "../http/extra-info.ts";
import type { Call } from "./call.ts";
import type { ChainResult } from "./chain.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import type { Route } from "./route.ts";

/** Watches all calls of a runner. No method may throw or reject. */
export interface CallObserver {
  /**
   * A call is about to run its chain.
   *
   * @returns who is told of this one; the call waits where that is a promise
   */
  callBegan(call: Call): CallObservation | Promise<CallObservation>;
  /** A call was refused before its chain, because a plugin of its conf cannot run. */
  callRefused(route: Route): void;
  /** A call named a conf token that leads nowhere: APISIX prepares the conf again and retries. */
  tokenNotFound(): void;
  /** APISIX was given a token for a conf, a new one or one that it had before. */
  confPrepared(): void;
  /** APISIX was told that a conf cannot run. */
  confRefused(): void;
}

/** Watches one call. Its hooks come one after the other, each with a beginning and an end. */
export interface CallObservation {
  hookBegan(step: PreparedPlugin): void;
  /** Calls the hook it is given and returns what that does; left out where nothing is to be seen from inside of it. */
  readonly around?: (<Result>(hook: () => Result) => Result) | undefined;
  /** @param error what the hook threw, where it did */
  hookEnded(step: PreparedPlugin, outcome: HookOutcome, error?: unknown): void;
  /** @returns what {@link answered} wants back: `performance.now()` */
  asked(kind: ExtraInfoKind): number;
  answered(kind: ExtraInfoKind, askedAt: number): void;
  /** The chain's result makes no reply; comes before {@link ended}. */
  unsendable(error: unknown): void;
  /** The reply has been handed over; or nobody waits for one: then `call.aborted` says why. */
  ended(result: ChainResult): void;
}

/**
 * How a hook ended: it let the call pass, answered it (also by an HttpError), threw, took too long, or
 * threw when nobody waited for the answer any more.
 */
export type HookOutcome = "passed" | "stopped" | "failed" | "timeout" | "gone";
