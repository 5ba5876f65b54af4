/** What a replaced process image leaves to the next one: in an environment variable, since descriptors and process id stay. */

/** One environment variable that has the prefix of settings and is none. */
export const BEQUEST_VARIABLE = "APISIX_BUN_RUNNER_BEQUEST";

/** A plugin on a route. */
export interface Culprit {
  readonly plugin: string;
  readonly route: string;
}

/** One replacement. */
export interface Hang extends Partial<Culprit> {
  /** ms since 1970. */
  readonly at: number;
}

/** The replacements that still count. */
export interface History {
  /** Those of the last minute. */
  readonly hangs: readonly Hang[];
  /** Whose calls fail until a reload. */
  readonly refused: readonly Culprit[];
}

/** The socket file and what it is known by. */
export interface SocketIdentity {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

export interface Bequest extends History {
  readonly socket: SocketIdentity;
  /** Descriptors. */
  readonly listener: number;
  readonly connections: readonly number[];
  /** A descriptor: what was prepared, where the image before had the time to write it down. */
  readonly confs?: number;
}

/** The kernel takes 128 KiB for one variable. */
export const MAX_CONNECTIONS = 15_000;

export const NO_HISTORY: History = { hangs: [], refused: [] };

/** The part of a bequest that the next one goes on with: its descriptors are not the next one's. */
export function historyOf(bequest: Bequest | undefined): History {
  return bequest === undefined ? NO_HISTORY : { hangs: bequest.hangs, refused: bequest.refused };
}

/** Takes the bequest out of the environment, so that no plugin and no child sees it. */
export function takeBequest(environment: NodeJS.ProcessEnv): Bequest | undefined {
  const text = environment[BEQUEST_VARIABLE];
  if (text === undefined) return undefined;
  delete environment[BEQUEST_VARIABLE];
  try {
    return JSON.parse(text) as Bequest;
  } catch {
    // Set by somebody else: then it is no bequest.
    return undefined;
  }
}
