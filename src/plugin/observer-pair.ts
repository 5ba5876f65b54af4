/** Two observers where there may be one. */
import type { ExtraInfoKind } from "../http/extra-info.ts";
import type { Call } from "./call.ts";
import type { ChainResult } from "./chain.ts";
import type { CallObservation, CallObserver, HookOutcome } from "./observer.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import type { Route } from "./route.ts";

/** Tells the first, then the second. */
export class ObserverPair implements CallObserver {
  constructor(
    private readonly first: CallObserver,
    private readonly second: CallObserver,
  ) {}

  callBegan(call: Call): CallObservation | Promise<CallObservation> {
    const first = this.first.callBegan(call);
    const second = this.second.callBegan(call);
    if (first instanceof Promise || second instanceof Promise) {
      return Promise.all([first, second]).then(([a, b]) => new ObservationPair(a, b));
    }
    return new ObservationPair(first, second);
  }

  callRefused(route: Route): void {
    this.first.callRefused(route);
    this.second.callRefused(route);
  }

  tokenNotFound(): void {
    this.first.tokenNotFound();
    this.second.tokenNotFound();
  }

  confPrepared(): void {
    this.first.confPrepared();
    this.second.confPrepared();
  }

  confRefused(): void {
    this.first.confRefused();
    this.second.confRefused();
  }
}

class ObservationPair implements CallObservation {
  readonly around: CallObservation["around"];

  constructor(
    private readonly first: CallObservation,
    private readonly second: CallObservation,
  ) {
    const { around: outer } = first;
    const { around: inner } = second;
    this.around = outer && inner ? (hook) => outer(() => inner(hook)) : (outer ?? inner);
  }

  hookBegan(step: PreparedPlugin): void {
    this.first.hookBegan(step);
    this.second.hookBegan(step);
  }

  hookEnded(step: PreparedPlugin, outcome: HookOutcome, error?: unknown): void {
    this.first.hookEnded(step, outcome, error);
    this.second.hookEnded(step, outcome, error);
  }

  asked(kind: ExtraInfoKind): number {
    this.second.asked(kind);
    return this.first.asked(kind);
  }

  answered(kind: ExtraInfoKind, askedAt: number): void {
    this.first.answered(kind, askedAt);
    this.second.answered(kind, askedAt);
  }

  unsendable(error: unknown): void {
    this.first.unsendable(error);
    this.second.unsendable(error);
  }

  ended(result: ChainResult): void {
    this.first.ended(result);
    this.second.ended(result);
  }
}
