/** A conf that APISIX has prepared: its token, and the chain that calls with this token run through. */
import type { PreparedPlugin } from "./prepared-plugin.ts";
import type { Route } from "./route.ts";

/** Why a plugin of the conf cannot run. */
export interface Refusal {
  readonly plugin: string;
  readonly reason: string;
}

export class PreparedConf {
  /** ms since the epoch, when APISIX last prepared it. */
  preparedAt = 0;
  #calls = 0;
  #retired = false;

  constructor(
    readonly token: number,
    /** What makes it this conf and no other: key without version, and entries. */
    readonly content: string,
    readonly route: Route,
    readonly steps: readonly PreparedPlugin[],
    /** The plugins that cannot run, for which no call may; empty: calls run. */
    readonly refusals: readonly Refusal[],
  ) {}

  /** A call begins: the state must live until it leaves. */
  enter(): void {
    this.#calls++;
  }

  leave(): void {
    this.#calls--;
    if (this.#retired && this.#calls === 0) this.#dispose();
  }

  /** No further call will come: the state ends with the last one that runs. */
  retire(): void {
    this.#retired = true;
    if (this.#calls === 0) this.#dispose();
  }

  #dispose(): void {
    for (const step of this.steps) step.dispose();
  }
}
