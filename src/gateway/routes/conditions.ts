/** The conditions of a route's `vars`. */
import { decodeText, type WireText } from "../../protocol/text-entries.ts";

export type ConditionValue = string | number | boolean;

/** One of `vars`: `["arg_version", "==", "2"]`. */
export interface Condition {
  readonly variable: string;
  readonly operator: Operator;
  readonly value: ConditionValue | readonly ConditionValue[] | RegExp;
}

export type Operator = (typeof OPERATORS)[number];

export const OPERATORS = ["==", "~=", ">", ">=", "<", "<=", "~~", "~*", "in"] as const;

/** @param read a variable's value; `undefined` where it is not set */
export function holds(
  { variable, operator, value }: Condition,
  read: (variable: string) => WireText | undefined,
): boolean {
  const found = read(variable);
  const text = found === undefined ? undefined : decodeText(found);
  if (operator === "~=") return !isEqual(text, value);
  if (text === undefined) return false;
  switch (operator) {
    case "==":
      return isEqual(text, value);
    case ">":
      return Number(text) > Number(value);
    case ">=":
      return Number(text) >= Number(value);
    case "<":
      return Number(text) < Number(value);
    case "<=":
      return Number(text) <= Number(value);
    case "~~":
    case "~*":
      return value instanceof RegExp && value.test(text);
    case "in":
      return Array.isArray(value) && value.some((one) => isEqual(text, one));
  }
}

/** A number is compared as one: `02` is 2. */
function isEqual(text: string | undefined, value: Condition["value"]): boolean {
  if (text === undefined) return false;
  return typeof value === "number" ? Number(text) === value : text === String(value);
}
