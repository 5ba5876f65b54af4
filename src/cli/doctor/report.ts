/** The findings as lines for the terminal. */
import { escapeHidden } from "../../config/problems.ts";
import type { Finding, State } from "./finding.ts";

/** A line a finding, and one that counts them. */
export function asText(findings: readonly Finding[]): string {
  const lines = findings.map(({ state, check, what, advice }) =>
    escapeHidden(
      `${state.padEnd(7)}  ${check}: ${what}${advice === undefined ? "" : `; ${advice}`}`,
    ),
  );
  const count = (state: State) => findings.filter((finding) => finding.state === state).length;
  const summary = `${counted(count("problem"), "problem")}, ${counted(count("warning"), "warning")}, ${count("ok")} ok`;
  return [...lines, summary].join("\n");
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
