/** Where a process learns that it is a worker: an environment variable, which stays when its image is replaced. */

/** An environment variable that has the prefix of settings and is none. */
export const POST_VARIABLE = "APISIX_BUN_RUNNER_WORKER";

/** What a worker is told when it is started. */
export interface WorkerPost {
  /** From 1. */
  readonly number: number;
  /** How many there are. */
  readonly of: number;
  /** Its supervisor's process id. */
  readonly supervisor: number;
}

/** The descriptors that a worker is started with. */
export const MESSAGES = 3;
export const DESCRIPTORS = 4;

/** Takes it out of the environment, so that no plugin and no child sees it; undefined: this is no worker. */
export function takePost(environment: NodeJS.ProcessEnv): WorkerPost | undefined {
  const text = environment[POST_VARIABLE];
  if (text === undefined) return undefined;
  delete environment[POST_VARIABLE];
  const [, number, of, supervisor] = /^(\d+)\/(\d+) of (\d+)$/.exec(text) ?? [];
  // Set by somebody else: then it says nothing.
  if (number === undefined) return undefined;
  return { number: Number(number), of: Number(of), supervisor: Number(supervisor) };
}

export function postText({ number, of, supervisor }: WorkerPost): string {
  return `${number}/${of} of ${supervisor}`;
}
