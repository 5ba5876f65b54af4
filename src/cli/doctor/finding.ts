/** What a check of `doctor` found. */

export type State = "ok" | "warning" | "problem";

export interface Finding {
  readonly state: State;
  /** What was looked at, in a word or two: `socket`, `apisix plugins`. */
  readonly check: string;
  /** What is so, with the value it is about. */
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** Makes the findings of one check. */
export function findingsOf(check: string) {
  return {
    ok: (what: string): Finding => ({ state: "ok", check, what }),
    warning: (what: string, advice: string): Finding => ({ state: "warning", check, what, advice }),
    problem: (what: string, advice: string): Finding => ({ state: "problem", check, what, advice }),
  };
}
