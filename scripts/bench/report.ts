/** A run as tables of text. */
import type { Change } from "./compare.ts";
import type { Judgement } from "./limits.ts";
import type { BenchResult, Figure } from "./results.ts";

export function figuresTable({ figures }: BenchResult): string {
  const rows = figures.map((figure) => [
    figure.title,
    `${number(figure.median)} ${figure.unit}`,
    figure.rounds.length > 1 ? `${number(figure.low)} – ${number(figure.high)}` : "",
    String(figure.rounds.length),
  ]);
  return table(["figure", "median", "spread", "rounds"], rows);
}

export function limitsTable(judgements: readonly Judgement[]): string {
  const rows = judgements.map(({ figure, limit, verdict }) => [
    figure.title,
    `${number(figure.median)} ${figure.unit}`,
    `${limit.atLeast ? "≥" : "≤"} ${limit.limit}${limit.aim === undefined ? "" : ` (aim ${limit.aim})`}`,
    verdict,
  ]);
  return table(["figure", "median", "limit", ""], rows);
}

export function changesTable(changes: readonly Change[]): string {
  const rows = changes.map(({ now, before, change, isClear }) => [
    now.title,
    `${number(before.median)} ${now.unit}`,
    `${number(now.median)} ${now.unit}`,
    `${change < 0 ? "" : "+"}${(change * 100).toFixed(1)} %`,
    isClear ? "clear" : "within the spread",
  ]);
  return table(["figure", "before", "now", "change", ""], rows);
}

export function growthTable({ growth }: BenchResult): string {
  return growth
    .map(({ title, work, cost, lines }) => {
      // A line may have fewer points than the first.
      const rows = (lines[0]?.points ?? []).map(({ x }) => [
        String(x),
        ...lines.map(({ points }) => cell(points.find((point) => point.x === x))),
      ]);
      return `${title}, ${cost}\n\n${table([work, ...lines.map(({ name }) => name)], rows)}`;
    })
    .join("\n\n");
}

function cell(spread: Pick<Figure, "median" | "low" | "high"> | undefined): string {
  if (spread === undefined) return "";
  return `${number(spread.median)} (${number(spread.low)} – ${number(spread.high)})`;
}

/** Three digits that say something. */
export function number(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

/** In Markdown, which is readable as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
