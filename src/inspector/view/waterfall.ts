/** The bars of a request's timeline. */
import type { Inspected, InspectedPhase } from "../model.ts";
import { pluginKey } from "./steps.ts";

export interface Bar {
  readonly label: string;
  readonly kind: "gateway" | "runner" | "plugin" | "question" | "upstream";
  /** How far it is indented. */
  readonly depth: 0 | 1 | 2 | 3;
  /** ms since the request began. */
  readonly at: number;
  readonly duration: number;
  /** The part of the page that tells of it. */
  readonly target: string;
  readonly failed: boolean;
}

export function barsOf(inspected: Inspected): Bar[] {
  const { phases, upstream, duration, error } = inspected;
  const before = phases.flatMap((phase, i) =>
    phase.kind === "request" ? phaseBars(phase, i) : [],
  );
  const after = phases.flatMap((phase, i) =>
    phase.kind === "response" ? phaseBars(phase, i) : [],
  );
  return [
    {
      label: "gateway",
      kind: "gateway",
      depth: 0,
      at: 0,
      duration,
      target: "client",
      failed: error !== undefined,
    },
    ...before,
    ...(upstream
      ? [
          {
            label: `upstream ${upstream.node}`,
            kind: "upstream",
            depth: 1,
            at: upstream.at,
            duration: upstream.duration,
            target: "upstream",
            failed: upstream.status === undefined,
          } as const,
        ]
      : []),
    ...after,
  ];
}

function phaseBars(phase: InspectedPhase, index: number): Bar[] {
  const plugins = phase.plugins.flatMap(({ name, ran }, i): Bar[] => {
    if (ran === undefined) return [];
    const target = pluginKey(index, i);
    const failed = ran.end.kind === "failed";
    const { at, duration, asked } = ran;
    return [
      { label: name, kind: "plugin", depth: 2, at, duration, target, failed },
      ...asked.flatMap((question): Bar[] =>
        question.at === undefined || question.duration === undefined
          ? []
          : [
              {
                label:
                  question.kind === "var" ? `$${question.name}` : question.kind.replace("-", " "),
                kind: "question",
                depth: 3,
                at: question.at,
                duration: question.duration,
                target,
                failed: false,
              },
            ],
      ),
    ];
  });
  return [
    {
      label: `${phase.extPlugin} (socket)`,
      kind: "runner",
      depth: 1,
      at: phase.at,
      duration: phase.duration,
      target: `phase-${index}`,
      failed: phase.error !== undefined,
    },
    ...plugins,
  ];
}
