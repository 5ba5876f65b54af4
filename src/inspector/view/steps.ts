/** A request's way as the page shows it: what had which headers at each point. */
import type { Field, Inspected, InspectedPhase } from "../model.ts";

export interface Step {
  /** For links within the page. */
  readonly key: string;
  readonly label: string;
  readonly kind: "client" | "gateway" | "plugin" | "upstream" | "answer";
  /** Who made it so: the plugin's name, or the gateway. */
  readonly by: string;
  /** Which message this is a point of. */
  readonly of: "request" | "response";
  readonly headers: readonly Field[];
  /** Not seen here: a plugin whose turn did not come. */
  readonly isUnknown?: boolean;
}

/** The points at which headers are known, in their order. */
export function stepsOf(inspected: Inspected): Step[] {
  const { phases, upstream } = inspected;
  const request = phases.flatMap((phase, i) =>
    phase.kind === "request" ? phaseSteps(phase, i) : [],
  );
  const response = phases.flatMap((phase, i) =>
    phase.kind === "response" ? phaseSteps(phase, i) : [],
  );
  return [
    {
      key: "client",
      label: "the client sent",
      by: "the client",
      kind: "client",
      of: "request",
      headers: inspected.headers,
    },
    ...request,
    ...(upstream
      ? [
          {
            key: "upstream",
            label: "the upstream got",
            by: "the gateway",
            kind: "upstream",
            of: "request",
            headers: upstream.headers,
          } as const,
        ]
      : []),
    ...(upstream?.responseHeaders
      ? [
          {
            key: "upstream",
            label: "the upstream answered",
            by: "the upstream",
            kind: "upstream",
            of: "response",
            headers: upstream.responseHeaders,
          } as const,
        ]
      : []),
    ...response,
    {
      key: "answer",
      label: "the client got",
      by: "the gateway",
      kind: "answer",
      of: "response",
      headers: inspected.responseHeaders,
    },
  ];
}

/** What the runner was told, and what each plugin made of it. */
function phaseSteps(phase: InspectedPhase, phaseIndex: number): Step[] {
  const plugins = phase.plugins.map((plugin, i): Step => ({
    key: pluginKey(phaseIndex, i),
    label: `after ${plugin.name}`,
    by: plugin.name,
    kind: "plugin",
    of: phase.kind,
    headers: plugin.ran?.after.headers ?? [],
    ...(plugin.ran === undefined && { isUnknown: true }),
  }));
  return [
    {
      key: `phase-${phaseIndex}`,
      label: `${phase.extPlugin} got`,
      by: "the gateway",
      kind: "gateway",
      of: phase.kind,
      headers: phase.sent.headers,
    },
    ...plugins,
  ];
}

export function pluginKey(phase: number, plugin: number): string {
  return `plugin-${phase}-${plugin}`;
}

/** What became of one header on the way. */
export interface Followed {
  readonly step: Step;
  /** All values of it; none: it is not there. */
  readonly values: readonly (string | null)[];
  /** Against the step before of the same message. */
  readonly change: "first" | "same" | "added" | "removed" | "changed";
}

export function follow(steps: readonly Step[], name: string): Followed[] {
  const wanted = name.toLowerCase();
  const known = steps.filter(({ isUnknown }) => !isUnknown);
  return known.map((step, i) => {
    const values = valuesIn(step, wanted);
    const before = known[i - 1];
    if (before === undefined || before.of !== step.of) return { step, values, change: "first" };
    return { step, values, change: changeOf(valuesIn(before, wanted), values) };
  });
}

function valuesIn({ headers }: Step, name: string): (string | null)[] {
  return headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
}

function changeOf(
  before: readonly (string | null)[],
  after: readonly (string | null)[],
): Followed["change"] {
  if (before.length === 0) return after.length === 0 ? "same" : "added";
  if (after.length === 0) return "removed";
  return before.join(", ") === after.join(", ") ? "same" : "changed";
}

/** All names of headers on the way, sorted. */
export function headerNames(steps: readonly Step[]): string[] {
  return [
    ...new Set(steps.flatMap(({ headers }) => headers.map(([name]) => name.toLowerCase()))),
  ].sort();
}
