/** The confs whose tokens the mutated calls carry: each leads to a plugin that reads, asks or edits. */
import type { ConfRequest } from "../../src/plugin/conf-content.ts";

export type Hook = "read-all" | "ask-all" | "ask-and-go" | "edit-all";

export interface StandingConf extends ConfRequest {
  readonly hook: Hook;
  readonly phase: "request" | "response";
}

const HOOKS: readonly Hook[] = ["read-all", "ask-all", "ask-and-go", "edit-all"];

export const standingConfs: readonly StandingConf[] = HOOKS.flatMap((hook) =>
  (["request", "response"] as const).map((phase) => ({
    hook,
    phase,
    key: `route#fuzz#ext-plugin-${phase === "request" ? "pre-req" : "post-resp"}#1`,
    conf: [{ name: hook, value: "{}" }],
  })),
);
