/** Counts what calls come to. In the way of a call there are only additions to plain numbers. */
import type { ExtraInfoKind } from "../http/extra-info.ts";
import type { Call } from "../plugin/call.ts";
import type { CallObservation, CallObserver } from "../plugin/observer.ts";
import type { Phase } from "../plugin/plugin.ts";
import { phaseOf } from "../plugin/conf-key.ts";
import type { Route } from "../plugin/route.ts";
import { PhaseCounts, type PluginCounts } from "./counts.ts";
import { KINDS, OUTCOMES, RESULTS } from "./families.ts";
import { Histogram } from "./histogram.ts";
import { MeasuredCall } from "./measured-call.ts";
import { processSamples, type ProcessSources } from "./process-samples.ts";
import type { MetricsSnapshot, Sample } from "./snapshot.ts";

export class Metrics implements CallObserver {
  readonly #phases: Record<Phase, PhaseCounts> = {
    request: new PhaseCounts(),
    response: new PhaseCounts(),
  };
  readonly #questions: Record<ExtraInfoKind, Histogram> = {
    var: new Histogram(),
    "request-body": new Histogram(),
    "response-body": new Histogram(),
  };
  #tokensNotFound = 0;
  #prepared = 0;
  #refused = 0;

  /** @param sources where the figures of the process itself come from */
  constructor(private readonly sources: ProcessSources) {}

  callBegan(call: Call): CallObservation {
    return new MeasuredCall(call, this.#phases[call.phase], this.#questions);
  }

  callRefused(route: Route): void {
    this.#phases[phaseOf(route) ?? "request"].results.error++;
  }

  tokenNotFound(): void {
    this.#tokensNotFound++;
  }

  confPrepared(): void {
    this.#prepared++;
  }

  confRefused(): void {
    this.#refused++;
  }

  /** All there is to say now, as plain JSON. */
  snapshot(): MetricsSnapshot {
    const phases = Object.entries(this.#phases);
    const inProgress = phases.reduce((sum, [, { inProgress: count }]) => sum + count, 0);
    return {
      apisix_bun_runner_calls_total: phases.flatMap(([phase, { results }]) =>
        RESULTS.map((result) => ({ labels: { phase, result }, value: results[result] })),
      ),
      apisix_bun_runner_call_duration_seconds: phases.map(([phase, { durations }]) => ({
        labels: { phase },
        value: durations.figures(),
      })),
      apisix_bun_runner_calls_in_progress: [{ labels: {}, value: inProgress }],
      apisix_bun_runner_plugin_calls_total: this.#ofPlugins(({ outcomes }, labels) =>
        OUTCOMES.map((outcome) => ({ labels: { ...labels, outcome }, value: outcomes[outcome] })),
      ),
      apisix_bun_runner_plugin_duration_seconds: this.#ofPlugins(({ durations }, labels) => [
        { labels, value: durations.figures() },
      ]),
      apisix_bun_runner_extra_info_duration_seconds: KINDS.map((kind) => ({
        labels: { kind },
        value: this.#questions[kind].figures(),
      })),
      apisix_bun_runner_prepare_conf_total: [
        { labels: { result: "token" }, value: this.#prepared },
        { labels: { result: "refused" }, value: this.#refused },
      ],
      apisix_bun_runner_conf_tokens_not_found_total: [{ labels: {}, value: this.#tokensNotFound }],
      ...processSamples(this.sources),
    };
  }

  #ofPlugins(
    samples: (counts: PluginCounts, labels: { plugin: string; phase: string }) => Sample[],
  ): Sample[] {
    return Object.entries(this.#phases).flatMap(([phase, { plugins }]) =>
      [...plugins].flatMap(([plugin, counts]) => samples(counts, { plugin, phase })),
    );
  }
}
