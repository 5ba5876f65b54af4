/** PrepareConf: a conf for a token. */
import { decodePrepareConf } from "../protocol/calls.ts";
import { FRAME_HEADER_BYTES } from "../protocol/frame.ts";
import { confTokenFrame, ErrorCode, errorFrame } from "../protocol/replies.ts";
import { contentOf } from "../plugin/conf-content.ts";
import { prepareConf, prepareInherited } from "../plugin/prepare.ts";
import type { PreparedConf } from "../plugin/prepared-conf.ts";
import { phaseOf } from "../plugin/conf-key.ts";
import type { Registrar } from "./inheritance.ts";
import type { Peer } from "./peer.ts";
import { logRefusals } from "./run-call.ts";
import type { Runner } from "./runner.ts";

/** APISIX holds a lock over all its workers until the reply: nothing here waits but for a plugin's first import. */
export function handlePrepareConf(
  frame: Buffer,
  peer: Peer,
  runner: Runner,
): Promise<void> | undefined {
  const request = decodePrepareConf(frame, FRAME_HEADER_BYTES);
  const { registrar } = runner;
  const prepared =
    registrar === undefined
      ? prepareConf(request, runner)
      : prepareRegistered(contentOf(request), registrar, runner);
  if (prepared instanceof Promise) return prepared.then((conf) => reply(conf, peer, runner));
  reply(prepared, peer, runner);
  return undefined;
}

/** A conf that was dropped at once is registered again; a limit of confs that is hit all the time must not hold APISIX. */
const TRIES = 3;

/** Prepares a conf under the token by which all processes know it, and so before it is told to APISIX. */
async function prepareRegistered(
  content: string,
  registrar: Registrar,
  runner: Runner,
): Promise<PreparedConf> {
  const { confs } = runner;
  for (let i = 0; i < TRIES; i++) {
    const token = await registrar.register(content);
    if ((confs.get(token)?.content ?? content) !== content) confs.forget(token);
    if (confs.inherited(token)?.content !== content) {
      confs.inherit(token, { content, preparedAt: Date.now() });
    }
    await prepareInherited(token, runner);
    const conf = confs.get(token);
    if (conf !== undefined) return conf;
  }
  throw new Error("the conf was dropped as soon as it was prepared, which limits.confs may cause");
}

/**
 * A conf that cannot run is refused outright where its calls come in the request phase. In the
 * response phase APISIX would then publish the upstream's body, so there it gets a token like any
 * other, and its calls are answered with a 503 of our own.
 */
function reply(conf: PreparedConf, peer: Peer, runner: Runner): void {
  const { refusals, route } = conf;
  const inRequestPhase = phaseOf(route) === "request" || route.key === "";
  if (refusals.length > 0 && inRequestPhase) {
    logRefusals(conf, runner);
    runner.observer?.confRefused();
    peer.send(errorFrame(ErrorCode.BAD_REQUEST));
  } else {
    runner.observer?.confPrepared();
    runner.oldApisix?.checkConf(conf);
    peer.send(confTokenFrame(conf.token));
  }
}
