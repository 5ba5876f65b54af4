/** What a replaced process image leaves to the next one: in an environment variable, since descriptors and process id stay. */

/** One environment variable that has the prefix of settings and is none. */
export const BEQUEST_VARIABLE = "APISIX_BUN_RUNNER_BEQUEST";

/** A plugin on a route. */
export interface Culprit {
  readonly plugin: string;
  readonly route: string;
}

/** A plugin's file. */
export interface PluginFile {
  readonly plugin: string;
  /** Its beginning, where the path is a very long one. */
  readonly file: string;
}

/** One replacement. */
export interface Hang extends Partial<Culprit> {
  /** The plugin's, where it was being loaded. */
  readonly file?: string;
  /** ms since 1970. */
  readonly at: number;
}

/** How often the process has replaced its image since it was started, by the reason. */
export interface Replacements {
  /** A plugin did not yield. */
  readonly unyielding: number;
  /** It had too much memory. */
  readonly memory: number;
}

/** The replacements that still count. */
export interface History {
  /** Those of the last minute. */
  readonly hangs: readonly Hang[];
  /** Whose calls fail until a reload. */
  readonly refused: readonly Culprit[];
  /** Not loaded until a reload: the process hung while they were. */
  readonly skipped: readonly PluginFile[];
  /** All of them: for metrics. */
  readonly replacements: Replacements;
}

/** The socket file and what it is known by. */
export interface SocketIdentity {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/** What a process serves: a socket of its own, or what its supervisor gives it. */
export type Post =
  | {
      readonly socket: SocketIdentity;
      /** A descriptor. */
      readonly listener: number;
      readonly channel?: undefined;
    }
  | {
      /** The descriptors of the channel to its supervisor. */
      readonly channel: readonly number[];
      readonly socket?: undefined;
      readonly listener?: undefined;
    };

/** The descriptors that belong to a post. */
export function descriptorsOf({ channel, listener }: Post): readonly number[] {
  return channel ?? [listener];
}

export type Bequest = History & Post & Endowment;

interface Endowment {
  /** Descriptors. */
  readonly connections: readonly number[];
  /** Descriptors of connections on which all is said, but whose clients may not have written all yet. */
  readonly spent?: readonly number[];
  /** A descriptor: what was prepared, where the image before had the time to write it down. */
  readonly confs?: number;
}

/** The kernel takes 128 KiB for one variable. */
export const MAX_CONNECTIONS = 15_000;

export const NO_HISTORY: History = {
  hangs: [],
  refused: [],
  skipped: [],
  replacements: { unyielding: 0, memory: 0 },
};

/** The part of a bequest that the next one goes on with: its descriptors are not the next one's. */
export function historyOf(bequest: Bequest | undefined): History {
  if (bequest === undefined) return NO_HISTORY;
  // One from before an update knows of no files.
  const { hangs, refused, skipped = [], replacements } = bequest;
  return { hangs, refused, skipped, replacements };
}

/** Nothing is held against any plugin from here on. */
export function pardoned({ replacements }: History): History {
  return { ...NO_HISTORY, replacements };
}

/** The history with one more replacement in its count. */
export function counted(history: History, reason: keyof Replacements): History {
  const { replacements } = history;
  return { ...history, replacements: { ...replacements, [reason]: replacements[reason] + 1 } };
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
