/** What changed from one message to another, line by line. */
import type { HeaderLine } from "../../gateway/effect.ts";
import { isNamed } from "../../gateway/wire-text.ts";
import { printable } from "./body.ts";

/** A line with its mark: `+` added, `-` removed, `~` changed, a space where it stayed. */
export type DiffLine = `${" " | "+" | "-" | "~"} ${string}`;

export function lineDiff(before: string, after: string): DiffLine {
  return before === after ? `  ${after}` : `~ ${after}  (was ${before})`;
}

export function added(lines: readonly HeaderLine[]): DiffLine[] {
  return lines.map((line): DiffLine => `+ ${headerText(line)}`);
}

export function unchanged(lines: readonly HeaderLine[]): DiffLine[] {
  return lines.map((line): DiffLine => `  ${headerText(line)}`);
}

/** Header by header, in the order they had before; new ones come last. */
export function headerDiff(
  before: readonly HeaderLine[],
  after: readonly HeaderLine[],
): DiffLine[] {
  const names = new Set([...before, ...after].map(({ name }) => name.toLowerCase()));
  return [...names].flatMap((name) =>
    valuesDiff(
      before.filter((line) => isNamed(line, name)),
      after.filter((line) => isNamed(line, name)),
    ),
  );
}

/** The lines of one header. */
function valuesDiff(before: readonly HeaderLine[], after: readonly HeaderLine[]): DiffLine[] {
  const [oldLine] = before;
  const [newLine] = after;
  if (before.length === 1 && after.length === 1 && oldLine && newLine) {
    const was = printable(oldLine.value);
    const is = printable(newLine.value);
    return [was === is ? `  ${headerText(newLine)}` : `~ ${headerText(newLine)}  (was ${was})`];
  }
  const left = before.map(({ value }) => printable(value));
  const lines = after.map((line): DiffLine => {
    const at = left.indexOf(printable(line.value));
    if (at >= 0) left.splice(at, 1);
    return at < 0 ? `+ ${headerText(line)}` : `  ${headerText(line)}`;
  });
  const name = oldLine?.name ?? "";
  return [...left.map((value): DiffLine => `- ${name}: ${value}`), ...lines];
}

function headerText({ name, value }: HeaderLine): string {
  return `${name}: ${printable(value)}`;
}
