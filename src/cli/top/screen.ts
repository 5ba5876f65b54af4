/** One picture of the terminal. */
import type { styleText } from "node:util";
import type { Difference } from "./difference.ts";
import { age, bytes, PLUGIN_COLUMNS, perSecond, plainCells, pluginRows } from "./figures.ts";

type Style = Parameters<typeof styleText>[0];

export interface ScreenOptions {
  readonly columns: number;
  readonly rows: number;
  /** Where the metrics come from. */
  readonly source: string;
  readonly now: Date;
  /** Colours a line, or leaves it as it is. */
  readonly paint: (style: Style, text: string) => string;
}

/** As many lines as there are rows, none longer than there are columns. */
export function screen(difference: Difference, options: ScreenOptions): string[] {
  const { columns, rows, paint } = options;
  const fit = (line: string) => line.slice(0, columns);
  const [first = "", ...head] = headLines(difference, options).map(fit);
  const room = Math.max(rows - head.length - 2, 0);
  const lines = [
    paint("inverse", first.padEnd(columns)),
    ...head,
    ...tableLines(difference, room, fit, paint),
    paint("dim", fit("q quits")),
  ];
  return lines.slice(0, rows);
}

function headLines(difference: Difference, { source, now }: ScreenOptions): string[] {
  const cells = plainCells(difference);
  const result = (name: string) =>
    `${name} ${perSecond(difference.rate("calls_total", { result: name }))}`;
  const [version = ""] = difference.values("build_info", "version");
  const up = age(now.getTime() / 1000 - difference.now("start_time_seconds"));
  return [
    `apisix-bun-runner ${version}  ${source}  up ${up}  ${now.toISOString().slice(11, 19)}Z`,
    "",
    `calls/s  ${cells["calls/s"]}   p50 ${cells.p50}   p99 ${cells.p99}   in progress ${difference.now("calls_in_progress")}`,
    `of them  ${["nothing", "rewrite", "stop", "error", "gone"].map(result).join("   ")}`,
    `memory   ${cells.memory}   heap ${bytes(difference.now("heap_bytes"))}   cpu ${cells.cpu}   event-loop lag p99 ${cells.lag}`,
    `holds    connections ${cells.connections}   confs ${difference.now("confs")}   replaced ${difference.now("replacements_total")} times   stray errors ${difference.now("stray_errors_total")}`,
    "",
  ];
}

/** At most so many lines as there is room for; the last of them counts those that there is none for. */
function tableLines(
  difference: Difference,
  room: number,
  fit: (line: string) => string,
  paint: ScreenOptions["paint"],
): string[] {
  const rows = pluginRows(difference);
  if (rows.length === 0) return [fit("no plugin has been called yet")].slice(0, room);
  const widths = PLUGIN_COLUMNS.map((title, i) =>
    Math.max(title.length, ...rows.map(({ cells }) => cells[i]?.length ?? 0)),
  );
  const aligned = (cells: readonly string[]) =>
    fit(cells.map((cell, i) => align(cell, widths[i] ?? 0, i)).join("  "));
  const lines = [
    paint("bold", aligned(PLUGIN_COLUMNS)),
    ...rows.map(({ cells, failures }) =>
      failures > 0 ? paint("red", aligned(cells)) : aligned(cells),
    ),
  ];
  if (lines.length <= room) return lines;
  const shown = lines.slice(0, Math.max(room - 1, 0));
  return [...shown, fit(`… ${lines.length - shown.length} more`)].slice(0, room);
}

/** Names to the left, figures to the right. */
function align(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}
