/** Every metric: its name, what it means, and how the figures of several workers become one. */

export interface Family {
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence, as `# HELP` shows it. */
  readonly help: string;
  /** The names of its labels, and the values that they can have; `any`: what plugins there are decides. */
  readonly labels?: Readonly<Record<string, readonly string[] | "any">>;
  /** Default: the sum. */
  readonly overWorkers?: "sum" | "max" | "first";
}

const PHASES = ["request", "response"] as const;

/** What a call can come to. */
export const RESULTS = ["nothing", "rewrite", "stop", "error", "gone"] as const;
export type Result = (typeof RESULTS)[number];

/** What one plugin can make of a call. */
export const OUTCOMES = ["passed", "rewrote", "stopped", "failed", "timeout", "gone"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const KINDS = ["var", "request-body", "response-body"] as const;

const table = {
  apisix_bun_runner_calls_total: {
    type: "counter",
    help: "Calls that were answered, by what the reply told APISIX; gone: APISIX closed the connection before.",
    labels: { phase: PHASES, result: RESULTS },
  },
  apisix_bun_runner_call_duration_seconds: {
    type: "histogram",
    help: "Time from a call's first plugin to its reply, extra info and waiting included.",
    labels: { phase: PHASES },
  },
  apisix_bun_runner_calls_in_progress: {
    type: "gauge",
    help: "Calls whose plugins are at work or wait.",
  },
  apisix_bun_runner_plugin_calls_total: {
    type: "counter",
    help: "Hooks that ended, by plugin and by what they made of their call; gone: nobody waited any more.",
    labels: { plugin: "any", phase: PHASES, outcome: OUTCOMES },
  },
  apisix_bun_runner_plugin_duration_seconds: {
    type: "histogram",
    help: "Time that a plugin's hook took, what it waited for included.",
    labels: { plugin: "any", phase: PHASES },
  },
  apisix_bun_runner_extra_info_duration_seconds: {
    type: "histogram",
    help: "Round trips to APISIX for variables and bodies, from the question to its answer.",
    labels: { kind: KINDS },
  },
  apisix_bun_runner_prepare_conf_total: {
    type: "counter",
    help: "Confs that APISIX asked to prepare, by the answer: a token, or that it cannot run.",
    labels: { result: ["token", "refused"] },
  },
  apisix_bun_runner_conf_tokens_not_found_total: {
    type: "counter",
    help: "Calls with a conf token that leads nowhere; APISIX prepares the conf again and retries.",
  },
  apisix_bun_runner_confs: {
    type: "gauge",
    help: "Confs that are kept, those taken over from another runner included.",
    overWorkers: "max",
  },
  apisix_bun_runner_conf_bytes: {
    type: "gauge",
    help: "Bytes of the confs that are kept, as APISIX sent them.",
    overWorkers: "max",
  },
  apisix_bun_runner_connections: {
    type: "gauge",
    help: "Connections from APISIX, idle ones included.",
  },
  apisix_bun_runner_stray_errors_total: {
    type: "counter",
    help: "Exceptions and rejections that no code caught; plugin is empty where none is known.",
    labels: { kind: ["uncaughtException", "unhandledRejection"], plugin: "any" },
  },
  apisix_bun_runner_event_loop_lag_seconds: {
    type: "histogram",
    help: "How late a timer fired that is due four times a second: how long calls found the process busy.",
  },
  apisix_bun_runner_resident_memory_bytes: {
    type: "gauge",
    help: "Resident memory of the process.",
  },
  apisix_bun_runner_heap_bytes: {
    type: "gauge",
    help: "Memory that JavaScript objects take.",
  },
  apisix_bun_runner_cpu_seconds_total: {
    type: "counter",
    help: "Processor time of the process, user and system.",
  },
  apisix_bun_runner_start_time_seconds: {
    type: "gauge",
    help: "When this process image started, in seconds since 1970; a change is a restart of whatever kind.",
    overWorkers: "max",
  },
  apisix_bun_runner_replacements_total: {
    type: "counter",
    help: "Times that the process replaced its own image: a plugin did not yield, or it had too much memory.",
    labels: { reason: ["unyielding", "memory"] },
  },
  apisix_bun_runner_build_info: {
    type: "gauge",
    help: "Always 1; the labels tell what runs.",
    labels: { version: "any", bun: "any" },
    overWorkers: "first",
  },
} as const satisfies Readonly<Record<`apisix_bun_runner_${string}`, Family>>;

export type MetricName = keyof typeof table;

/** In the order in which they are exposed. */
export const families: ReadonlyMap<MetricName, Family> = new Map(
  Object.entries(table) as [MetricName, Family][],
);
