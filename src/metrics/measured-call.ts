/** One call on its way through its chain, seen by the clock. */
import type { ExtraInfoKind } from "../http/extra-info.ts";
import type { Call } from "../plugin/call.ts";
import { type ChainResult, Failure } from "../plugin/chain.ts";
import type { CallObservation, HookOutcome } from "../plugin/observer.ts";
import type { PreparedPlugin } from "../plugin/prepared-plugin.ts";
import type { PhaseCounts } from "./counts.ts";
import type { Result } from "./families.ts";
import type { Histogram } from "./histogram.ts";

export class MeasuredCall implements CallObservation {
  readonly #began = performance.now();
  /** The first hook begins with the call. */
  #hookBegan = this.#began;
  #isFirst = true;
  /** Of the call, when the hook began. */
  #revision = 0;
  #isRewritten = false;
  #isUnsendable = false;

  constructor(
    private readonly call: Call,
    private readonly counts: PhaseCounts,
    private readonly questions: Readonly<Record<ExtraInfoKind, Histogram>>,
  ) {
    counts.inProgress++;
  }

  hookBegan(): void {
    this.#revision = this.call.revision;
    if (this.#isFirst) this.#isFirst = false;
    else this.#hookBegan = performance.now();
  }

  hookEnded({ plugin }: PreparedPlugin, outcome: HookOutcome): void {
    const counts = this.counts.of(plugin);
    counts.durations.add(performance.now() - this.#hookBegan);
    const hasChanged = this.call.revision !== this.#revision;
    // What one has changed before it failed stays, where the chain goes on without it.
    if (hasChanged) this.#isRewritten = true;
    counts.outcomes[outcome === "passed" && hasChanged ? "rewrote" : outcome]++;
  }

  asked(): number {
    return performance.now();
  }

  answered(kind: ExtraInfoKind, askedAt: number): void {
    this.questions[kind].add(performance.now() - askedAt);
  }

  unsendable(): void {
    this.#isUnsendable = true;
  }

  ended(result: ChainResult): void {
    this.counts.inProgress--;
    this.counts.durations.add(performance.now() - this.#began);
    this.counts.results[this.#resultOf(result)]++;
  }

  #resultOf(result: ChainResult): Result {
    if (this.call.aborted !== undefined) return "gone";
    if (this.#isUnsendable || result instanceof Failure) return "error";
    if (result !== undefined) return "stop";
    return this.#isRewritten ? "rewrite" : "nothing";
  }
}
