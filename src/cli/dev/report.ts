/** What `dev` says of a request. */
import { styleText } from "node:util";
import type { PhaseEvent, RequestEvent } from "../../gateway/events.ts";
import type { HttpResponse, UpstreamRequest } from "../../gateway/http-message.ts";
import { printable, size, textOf } from "../text/body.ts";
import { added, type DiffLine, headerDiff, lineDiff } from "../text/diff.ts";
import type { Inspected, InspectedPhase } from "../../inspector/model.ts";

type Style = Parameters<typeof styleText>[0];

/** Writes in colour where the terminal has it and NO_COLOR does not forbid it. */
export type Paint = (style: Style, text: string) => string;

export interface ReportOptions {
  /** What each plugin did. */
  readonly inspected: Inspected;
  /** The differences too. */
  readonly verbose: boolean;
  readonly paint: Paint;
}

/** One line, and with `verbose` the differences under it. */
export function reportOf(event: RequestEvent, options: ReportOptions): string {
  const { paint, verbose, inspected } = options;
  const line = [
    paint(statusStyle(event.status), String(event.status)),
    `${event.method} ${printable(event.target)}`,
    paint("dim", milliseconds(event.duration)),
    ...event.phases.map((phase, i) => phaseSummary(phase, inspected.phases[i], paint)),
    ...(event.error === undefined ? [] : [paint("red", event.error)]),
  ].join("  ");
  if (!verbose) return line;
  return [line, ...event.phases.flatMap((phase) => phaseDetails(phase, paint))].join("\n");
}

function statusStyle(status: number): Style {
  return status >= 500 ? "red" : status >= 400 ? "yellow" : "green";
}

/** `say: stop 200 (0.3 ms)` for each plugin, or why the phase failed. */
function phaseSummary(
  phase: PhaseEvent,
  inspected: InspectedPhase | undefined,
  paint: Paint,
): string {
  const parts = (inspected?.plugins ?? []).flatMap(({ name, ran }) =>
    ran === undefined
      ? []
      : `${paint("cyan", name)}: ${ran.did} ${paint("dim", `(${milliseconds(ran.duration)})`)}`,
  );
  // A runner that was not started here tells nothing of its plugins one by one.
  if (parts.length === 0 && phase.reply !== undefined) {
    const time = paint("dim", `(${milliseconds(phase.duration)})`);
    parts.push(`${paint("cyan", phase.plugins.join(", "))}: ${phase.reply.kind} ${time}`);
  }
  if (phase.error !== undefined) {
    const outcome = phase.degraded ? `${phase.error}; allow_degradation: goes on` : phase.error;
    parts.push(`${phase.plugins.join(", ")}: ${paint("red", outcome)}`);
  }
  return `${phase.extPlugin.replace("ext-plugin-", "")} [${parts.join(", ")}]`;
}

function phaseDetails(phase: PhaseEvent, paint: Paint): string[] {
  const questions = phase.questions.map(({ question, answer }) => {
    const name = question.kind === "var" ? `$${printable(question.name)}` : question.kind;
    const text = answer === undefined ? "none" : (textOf(answer) ?? size(answer));
    return `  ? ${name} = ${printable(text.slice(0, 200))}`;
  });
  const lines = [
    ...questions,
    ...differences(phase).filter((line) => !line.startsWith(" ")),
    ...phase.notes.map((note) => `! ${note}`),
  ];
  return lines.map((line) => `      ${paint(lineStyle(line), line.trimStart())}`);
}

function lineStyle(line: string): Style {
  switch (line.trimStart()[0]) {
    case "+":
      return "green";
    case "-":
      return "red";
    case "~":
    case "!":
      return "yellow";
    default:
      return "dim";
  }
}

function differences(phase: PhaseEvent): DiffLine[] {
  if (phase.kind === "response") {
    const { before, after } = phase;
    return after === undefined ? [] : responseDiff(before, after);
  }
  const { before, after, stopped } = phase;
  if (stopped !== undefined) {
    return [`+ ${stopped.status}`, ...added(stopped.headers), ...bodyDiff(undefined, stopped.body)];
  }
  return after === undefined ? [] : requestDiff(before, after);
}

function requestDiff(before: UpstreamRequest, after: UpstreamRequest): DiffLine[] {
  return [
    lineDiff(`${before.method} ${before.target}`, `${after.method} ${after.target}`),
    ...headerDiff(before.headers, after.headers),
    ...bodyDiff(before.body, after.body),
  ];
}

function responseDiff(before: HttpResponse, after: HttpResponse): DiffLine[] {
  return [
    lineDiff(String(before.status), String(after.status)),
    ...headerDiff(before.headers, after.headers),
    ...bodyDiff(before.body, after.body),
  ];
}

function bodyDiff(before: Uint8Array | undefined, after: Uint8Array | undefined): DiffLine[] {
  if (after === undefined || (before !== undefined && Buffer.from(before).equals(after))) return [];
  const text = textOf(after)?.trimEnd();
  const shown = text === undefined ? "binary" : JSON.stringify(text.slice(0, 500));
  const was = before === undefined ? "" : `  (was ${size(before)})`;
  return [`~ body: ${size(after)} ${shown}${was}`];
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}
