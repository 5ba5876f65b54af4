/** Whom a rule or pattern is for, by the variables of the call. */
import type { Vars } from "apisix-bun-runner";
import type { Caller } from "./conf.ts";
import type { Masking, Pattern, Rule } from "./mask-json.ts";

export interface Audience {
  /** These alone; left out: all. */
  readonly when?: readonly Caller[] | undefined;
  /** These are left out. */
  readonly unless?: readonly Caller[] | undefined;
}

export interface MaskingByAudience extends Masking {
  readonly rules: readonly (Rule & Audience)[];
  readonly patterns: readonly (Pattern & Audience)[];
}

/** What of it is for whoever calls; variables are asked for in one round trip. */
export async function maskingFor(
  { rules, patterns }: MaskingByAudience,
  vars: Vars,
): Promise<Masking> {
  const callers = [...rules, ...patterns].flatMap(({ when = [], unless = [] }) => [
    ...when,
    ...unless,
  ]);
  const names = [...new Set(callers.map((caller) => caller.var))];
  if (names.length === 0) return { rules, patterns };
  const values = await Promise.all(names.map((name) => vars.get(name)));
  const known = new Map(names.map((name, i) => [name, membersOf(values[i])]));

  const is = (caller: Caller): boolean =>
    caller.in.some((value) => known.get(caller.var)?.has(value));
  const isFor = ({ when, unless = [] }: Audience): boolean =>
    (when === undefined || when.some(is)) && !unless.some(is);
  return { rules: rules.filter(isFor), patterns: patterns.filter(isFor) };
}

function membersOf(value: string | undefined): ReadonlySet<string> {
  return new Set((value ?? "").split(",").map((member) => member.trim()));
}
