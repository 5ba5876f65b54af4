/** Runs cases against a runner process, several connections at a time. */
import { prepareConfFrame } from "../../src/gateway/encode-calls.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { ANSWER, type FuzzCase, makeCase, politeCase } from "./case.ts";
import { check, FuzzFailure } from "./check.ts";
import { type StandingConf, standingConfs } from "./confs.ts";
import { Model } from "./model.ts";
import { Random } from "./random.ts";
import { SocketEnd } from "./socket-end.ts";

export interface SocketFuzzOptions {
  readonly socket: string;
  readonly seed: number;
  readonly frames: number;
  /** Connections at a time; default 8. */
  readonly lanes?: number;
}

/** A connection serves this many cases, so that one case's end is the next one's beginning. */
const CASES_OF_A_CONNECTION = 20;

/**
 * Each lane sends calls and holds every reply against the model; in between it opens connections that
 * send anything at all, and go.
 *
 * @returns how many whole frames were sent
 * @throws FuzzFailure naming seed and lane
 */
export async function fuzzOverSocket({
  socket,
  seed,
  frames,
  lanes = 8,
}: SocketFuzzOptions): Promise<number> {
  const sent = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      try {
        return await runLane(socket, new Random(seed * 1_000_003 + lane), frames / lanes);
      } catch (cause) {
        throw new FuzzFailure(`seed ${seed}, lane ${lane}: ${String(cause)}`, { cause });
      }
    }),
  );
  return sent.reduce((sum, count) => sum + count, 0);
}

async function runLane(socket: string, random: Random, enough: number): Promise<number> {
  let sent = 0;
  while (sent < enough) {
    using end = await SocketEnd.connect(socket);
    const confs = await prepareStanding(end);
    const tokens = [...confs.keys()];
    for (let i = 0; i < CASES_OF_A_CONNECTION; i++) {
      sent += await runPolite(end, confs, politeCase(random, tokens));
    }
    sent += await runRude(socket, random, makeCase(random, tokens));
  }
  return sent;
}

async function prepareStanding(end: SocketEnd): Promise<ReadonlyMap<number, StandingConf>> {
  const confs = new Map<number, StandingConf>();
  for (const conf of standingConfs) {
    const from = end.replies.length;
    end.send(prepareConfFrame(conf.key, conf.conf));
    while (end.replies.length === from) await changed(end);
    const reply = end.replies[from];
    if (reply?.kind !== "conf-token") throw new FuzzFailure(`no token for ${conf.key}`);
    confs.set(reply.token, conf);
  }
  return confs;
}

/** All frames in one go; answers as they are asked for. */
async function runPolite(
  end: SocketEnd,
  confs: ReadonlyMap<number, StandingConf>,
  { frames }: FuzzCase,
): Promise<number> {
  const model = new Model(confs);
  const told = createFrameDecoder((type, payload) => model.take(type, payload));
  end.replies.length = 0;
  let seen = 0;
  told.push(Buffer.concat(frames));
  end.send(Buffer.concat(frames));
  for (;;) {
    model.settle();
    for (; seen < end.replies.length; seen++) {
      if (end.replies[seen]?.kind !== "question") continue;
      end.send(ANSWER);
      told.push(ANSWER);
      model.settle();
    }
    const isDone = end.replies.length >= model.expected.length && !model.isAsking;
    if (isDone) break;
    await changed(end);
  }
  check(model.expected, end.replies, 0, () => undefined);
  return frames.length;
}

/** Sends, and is gone a turn or more later, whatever comes. */
async function runRude(socket: string, random: Random, { frames }: FuzzCase): Promise<number> {
  using end = await SocketEnd.connect(socket);
  for (const frame of frames) {
    end.send(frame);
    if (random.oneIn(3)) await new Promise(setImmediate);
  }
  return frames.length;
}

async function changed(end: SocketEnd): Promise<void> {
  await end.change();
  if (!end.isOpen) throw new FuzzFailure("the runner closed the connection");
}
