/** A bundled plugin with a conf and a load, and how to see that it does its work. */
import type { Load, Target } from "../../load.ts";
import { type Answer, sampleCall } from "../../sample-call.ts";
import type { FloorKind } from "../../tools.ts";

export interface PluginCase {
  readonly id: string;
  readonly title: string;
  readonly load: Load;
  /** Which floor makes the same frames. */
  readonly floor: FloorKind;
  /** Of the body that it sends. */
  readonly floorBytes?: number;
  /** Which executable has the plugin; default: the one that is shipped. */
  readonly executable?: "bench";
  /** For the executable's command line. */
  readonly args?: readonly string[];
  /** What each call comes to; what it does not name may be anything. */
  readonly answer: Partial<Answer>;
  /** Whom the plugin asks for its calls. */
  readonly asks?: {
    readonly whom: string;
    /** How many questions it has had. */
    readonly count: () => number | Promise<number>;
    /** Each call asks, or one in a while. */
    readonly often: boolean;
  };
}

/** What is measured together. */
export interface Cases {
  readonly name: string;
  readonly cases: readonly PluginCase[];
  /** What is not measured, and why. */
  readonly skipped?: readonly string[];
}

export type Group = (setting: {
  /** For files and sockets. */
  readonly dir: string;
  /** What lives as long as the group is measured. */
  readonly resources: AsyncDisposableStack;
}) => Cases | Promise<Cases>;

/** A load whose route has one plugin. */
export function withConf(mode: Load["mode"], name: string, conf: object): Load {
  return { mode, conf: [[name, JSON.stringify(conf)]] };
}

/**
 * Makes one call and looks at all of its reply: a plugin that fails may do so quickly.
 *
 * @throws Error where it is not the one that the case names
 */
export async function checkAnswer(server: Target, { id, load, answer }: PluginCase): Promise<void> {
  const found = await sampleCall(server, load).catch((cause: Error) => {
    throw new Error(`${id} did not do its work: ${cause.message}`, { cause });
  });
  if (Bun.deepMatch(answer, found)) return;
  throw new Error(
    `${id} did not do its work: the reply is ${JSON.stringify(found)}, and should have ${JSON.stringify(answer)}`,
  );
}

/** @throws Error where so many calls asked more or less often than they should */
export async function checkQuestions(
  { id, asks }: PluginCase,
  calls: number,
  make: () => Promise<unknown>,
): Promise<void> {
  const before = (await asks?.count()) ?? 0;
  await make();
  if (asks === undefined) return;
  const asked = (await asks.count()) - before;
  const isRight = asks.often ? asked >= calls : asked < calls / 10;
  if (isRight) return;
  throw new Error(
    `${id} asked ${asks.whom} ${asked} times for ${calls} calls; expected ${asks.often ? "once for each" : "next to nothing"}`,
  );
}
