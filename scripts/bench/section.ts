/** What a part of the bench gets and gives. */
import type { Executables } from "./executables.ts";
import type { Progress } from "./progress.ts";
import type { Figure, Growth } from "./results.ts";
import type { Servers } from "./servers.ts";
import type { FloorKind, Tools } from "./tools.ts";

export interface Bench {
  readonly tools: Tools;
  readonly executables: Executables;
  readonly progress: Progress;
  /** Of this section: they end with it. */
  readonly servers: Servers;
  /** Fewer and shorter rounds: to see that all works, not to judge by. */
  readonly quick: boolean;
}

export interface Found {
  readonly figures?: readonly Figure[];
  readonly growth?: readonly Growth[];
  readonly skipped?: readonly string[];
}

export type Section = (bench: Bench) => Promise<Found>;

export function startFloor({ servers, tools }: Bench, kind: FloorKind, bytes?: number) {
  return servers.start(tools.floor, kind, ...(bytes === undefined ? [] : [String(bytes)]));
}
