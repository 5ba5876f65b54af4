/** PrepareConf: a conf for a token. */
import { decodePrepareConf } from "../protocol/calls.ts";
import { confTokenFrame, ErrorCode, errorFrame } from "../protocol/replies.ts";
import { phaseOf, prepareConf } from "../plugin/prepare.ts";
import type { PreparedConf } from "../plugin/prepared-conf.ts";
import type { Peer } from "./peer.ts";
import { logRefusals } from "./run-call.ts";
import type { Runner } from "./runner.ts";

/** APISIX holds a lock over all its workers until the reply: nothing here waits but for a plugin's first import. */
export function handlePrepareConf(
  payload: Buffer,
  peer: Peer,
  runner: Runner,
): Promise<void> | undefined {
  const prepared = prepareConf(decodePrepareConf(payload), runner);
  if (prepared instanceof Promise) return prepared.then((conf) => reply(conf, peer, runner));
  reply(prepared, peer, runner);
  return undefined;
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
    peer.send(errorFrame(ErrorCode.BAD_REQUEST));
  } else {
    peer.send(confTokenFrame(conf.token));
  }
}
