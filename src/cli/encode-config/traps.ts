/** What YAML reads otherwise than many who write it mean. */
import { isScalar, Scalar } from "yaml";
import { jsonNumber, losesDigits } from "./digits.ts";

/** Of a value: what it is read as, and how to write what may have been meant. */
export function valueTrap({ value, source = "", type }: Scalar): string | undefined {
  if (typeof value === "number") return numberTrap(source, value);
  if (typeof value !== "string" || type !== Scalar.PLAIN) return undefined;
  if (/^(?:yes|on)$/i.test(value)) return switchTrap(value, true);
  if (/^(?:no|off)$/i.test(value)) return switchTrap(value, false);
  if (/^[-+]?(?:0|[1-9]\d{0,2})(?:_\d+)+$/.test(value)) {
    return `${value} is text: write ${value.replaceAll("_", "")} for the number`;
  }
  return commentTrap(value);
}

/** Of a key and its value. */
export function keyTrap(key: Scalar, value: unknown): string | undefined {
  if (typeof key.value !== "string" || key.type !== Scalar.PLAIN) return undefined;
  const isWithoutValue = value === null || (isScalar(value) && value.source === "");
  if (isWithoutValue && /^[^\s:/]+:[^\s/]/.test(key.value)) {
    return `${JSON.stringify(key.value)} is one key without a value: a colon needs a space behind it`;
  }
  return commentTrap(key.value);
}

/** Of a text that is the whole conf. */
export function textConfTrap(text: string): string {
  const hint = /^[^\s:]+:\S/.test(text) ? "; for an object a colon needs a space behind it" : "";
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `the conf is the text ${JSON.stringify(shown)}, not an object${hint}`;
}

function numberTrap(source: string, value: number): string | undefined {
  const number = jsonNumber(source, value);
  if (number === undefined) return undefined;
  if (!Number.isFinite(Number(number)) || losesDigits(number)) {
    return `${source} becomes ${Number(number)} when the runner reads it: write it in quotes to keep its digits`;
  }
  if (/^[-+]?0\d/.test(source)) {
    const octal = /^0[0-7]+$/.test(source) ? `, 0o${source.replace(/^0+/, "")} for an octal` : "";
    return `${source} is the number ${value}: write it in quotes for the text${octal}`;
  }
  if (/^\d+\.\d*[1-9]0+$/.test(source)) {
    return `${source} is the number ${value}: write it in quotes for the text, such as a version`;
  }
  return undefined;
}

function switchTrap(value: string, meant: boolean): string {
  return `${value} is the text "${value}" in YAML 1.2: write ${meant}, or the text in quotes`;
}

function commentTrap(text: string): string | undefined {
  const [, mark] = /(?:^|\s)(\/\/|\/\*)(?:\s|$)/.exec(text) ?? [];
  return mark && `${mark} begins no comment and is text here: comments begin with #`;
}
