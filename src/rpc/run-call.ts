/** What both kinds of call have in common: find the conf, run its chain, reply once. */
import type { Call } from "../plugin/call.ts";
import { type ChainResult, Failure, runChain } from "../plugin/chain.ts";
import type { CallObservation, CallObserver } from "../plugin/observer.ts";
import type { PreparedConf } from "../plugin/prepared-conf.ts";
import type { PreparedPlugin } from "../plugin/prepared-plugin.ts";
import { type Frame, type LongFrame, PayloadTooLargeError } from "../protocol/frame.ts";
import { ErrorCode, errorFrame } from "../protocol/replies.ts";
import type { CallExtraInfo } from "./call-extra-info.ts";
import type { Peer } from "./peer.ts";
import type { Runner } from "./runner.ts";

/** How one kind of call is answered. */
export interface Replies<C extends Call> {
  /** What has to be known before there can be a reply; never rejects. */
  readonly prepare?: (
    call: C,
    result: ChainResult,
    info: CallExtraInfo,
  ) => Promise<void> | undefined;
  /** What the chain came to, as a frame. */
  of(call: C, result: Exclude<ChainResult, Failure>): Frame | LongFrame;
  /** The call fails, and nothing it should have protected gets through. */
  failure(id: number): Frame | LongFrame;
}

/** The conf of a call; where none can run, the call is answered here and `undefined` comes back. */
export function confOf(
  { id, confToken }: CallHead,
  peer: Peer,
  runner: Runner,
  failure: (id: number) => Frame | LongFrame,
): PreparedConf | undefined {
  const conf = runner.confs.get(confToken);
  if (conf === undefined) {
    // APISIX prepares its confs again and retries.
    runner.log.debug("the conf token is not known", { request: id, token: confToken });
    runner.observer?.tokenNotFound();
    peer.send(errorFrame(ErrorCode.CONF_TOKEN_NOT_FOUND));
    return undefined;
  }
  if (conf.refusals.length > 0) {
    logRefusals(conf, runner);
    runner.observer?.callRefused(conf.route);
    peer.send(failure(id));
    return undefined;
  }
  return conf;
}

/** What both kinds of call begin with. */
interface CallHead {
  readonly id: number;
  readonly confToken: number;
}

/** Handles a call from its beginning. */
type Handler = (
  frame: Buffer,
  peer: Peer,
  runner: Runner,
  hasLooked: boolean,
) => Promise<void> | undefined;

/** Whether the runner that this one takes over from is to be asked for the conf of a call. */
export function mayBeInherited({ confToken }: CallHead, { inheritance, confs }: Runner): boolean {
  return inheritance !== undefined && confs.get(confToken) === undefined;
}

/** Handles a call when its conf is here, or known not to be. */
export async function handleInherited(
  { confToken }: CallHead,
  frame: Buffer,
  peer: Peer,
  runner: Runner,
  handle: Handler,
): Promise<void> {
  const { inheritance } = runner;
  await inheritance?.find(confToken, runner);
  if (inheritance?.isOver === true) delete runner.inheritance;
  await handle(frame, peer, runner, true);
}

/** The same line for every request would bury the log: the logger counts repeated ones. */
export function logRefusals({ refusals, route }: PreparedConf, { log }: Runner): void {
  for (const { plugin, reason } of refusals) {
    log.error(`calls of this route fail: ${reason}`, { plugin, route: route.key });
  }
}

/** Runs the conf's chain over the call and sends the reply: at once where no hook waits for anything. */
export function runCall<C extends Call>(
  call: C,
  info: CallExtraInfo,
  conf: PreparedConf,
  peer: Peer,
  runner: Runner,
  replies: Replies<C>,
): Promise<void> | undefined {
  conf.enter();
  peer.onGone = () => call.abort();
  const finish = (result: ChainResult): void => {
    info.end();
    conf.leave();
    peer.onGone = undefined;
    if (call.aborted === undefined) peer.send(frameFor(call, result, conf, runner, replies));
    call.observation?.ended(result);
  };
  const end = (result: ChainResult): Promise<void> | undefined => {
    const preparing =
      call.aborted === undefined ? replies.prepare?.(call, result, info) : undefined;
    if (preparing !== undefined) return preparing.then(() => finish(result));
    finish(result);
    return undefined;
  };
  const { observer } = runner;
  const watched = observer && watch(call, info, observer);
  const result =
    watched === undefined
      ? runChain(call, conf.steps, runner.timeout)
      : watched.then(() => (call.aborted ? undefined : runChain(call, conf.steps, runner.timeout)));
  if (result instanceof Promise) return result.then(end);
  return end(result);
}

/** @returns a promise where the observer has to ask something of APISIX first */
function watch(call: Call, info: CallExtraInfo, observer: CallObserver): Promise<void> | undefined {
  const observation = observer.callBegan(call);
  if (observation instanceof Promise) return observation.then((it) => observe(call, info, it));
  observe(call, info, observation);
  return undefined;
}

function observe(call: Call, info: CallExtraInfo, observation: CallObservation): void {
  call.observation = observation;
  info.observation = observation;
}

function frameFor<C extends Call>(
  call: C,
  result: ChainResult,
  conf: PreparedConf,
  { oldApisix }: Runner,
  replies: Replies<C>,
): Frame | LongFrame {
  if (result instanceof Failure) {
    const { by } = result;
    by.log.error(`failed, and the ${call.phase} with it`, {
      request: call.id,
      error: result.shown,
    });
    return replies.failure(call.id);
  }
  try {
    oldApisix?.checkReply(call, result, conf);
    return replies.of(call, result);
  } catch (error) {
    call.observation?.unsendable(error);
    const culprits = result === undefined ? conf.steps : [result.by];
    logUnsendable(culprits, call, error);
    return replies.failure(call.id);
  }
}

/** Where nobody answered for good, each plugin of the chain may have added to the reply. */
function logUnsendable(culprits: readonly PreparedPlugin[], call: Call, error: unknown): void {
  const [first] = culprits;
  first?.log.error(`the reply cannot be sent, and the ${call.phase} failed`, {
    plugin: culprits.map(({ plugin }) => plugin.name).join(","),
    request: call.id,
    ...(error instanceof PayloadTooLargeError && { bytes: error.size }),
    error,
  });
}
