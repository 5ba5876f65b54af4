/** One case: what one connection sends, and how. Made from a seed, so that it can be made again. */
import { FrameType, MAX_PAYLOAD_BYTES } from "../../src/protocol/frame.ts";
import { fieldAt } from "../../src/protocol/read.ts";
import { extraInfoFrame } from "../../src/gateway/encode-calls.ts";
import { genuineFrames, type GenuineFrame } from "./genuine.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

export interface FuzzCase {
  /** Header and payload, one after the other; the last may be cut, and a header may lie. */
  readonly frames: readonly Buffer[];
  /** Bytes a read has, at most; 0: as many as there are. */
  readonly readBytes: number;
  /** Bytes that the socket takes in one write, at most; 0: all. Then no frame answers before it is asked. */
  readonly writeBytes: number;
  /** At the end what is still asked is answered; otherwise the connection goes in the middle of it. */
  readonly answersAll: boolean;
}

/** @param tokens those of confs that have been prepared */
export function makeCase(random: Random, tokens: readonly number[]): FuzzCase {
  const isNarrow = random.oneIn(8);
  const count = 1 + random.below(12);
  const frames: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    frames.push(isNarrow ? politeFrame(random, tokens) : rudeFrame(random, tokens));
  }
  return {
    frames,
    readBytes: random.oneIn(3) ? 1 + random.below(random.oneIn(2) ? 8 : 400) : 0,
    writeBytes: isNarrow ? 1 + random.below(100) : 0,
    answersAll: isNarrow || random.oneIn(2),
  };
}

/** Calls alone, each whole: whoever waits for answers gets them, and no frame is taken for one. */
export function politeCase(random: Random, tokens: readonly number[]): FuzzCase {
  const frames = Array.from({ length: 1 + random.below(12) }, () => politeFrame(random, tokens));
  return { frames, readBytes: 0, writeBytes: 0, answersAll: true };
}

export const ANSWER: Buffer = Buffer.from(extraInfoFrame(Buffer.from("an answer")));

function politeFrame(random: Random, tokens: readonly number[]): Buffer {
  const { type, payload } = random.pick(CALLS);
  const isMutated = random.oneIn(2);
  const called = withToken(type, payload, random.pick(tokens));
  return frame(type, isMutated ? mutate(called, random) : called);
}

function rudeFrame(random: Random, tokens: readonly number[]): Buffer {
  switch (random.below(16)) {
    case 0:
      return random.bytes(random.below(48));
    case 1:
      return frame(random.below(256), random.bytes(random.below(64)));
    case 2:
      return withWrongLength(politeFrame(random, tokens), random);
    case 3:
      return frame(random.next() & 0xff, random.pick(genuineFrames).payload);
    case 4:
    case 5:
      return ANSWER;
    case 6:
    case 7: {
      const { payload } = random.pick(ANSWERS);
      return frame(FrameType.ExtraInfo, random.oneIn(2) ? payload : mutate(payload, random));
    }
    default:
      return politeFrame(random, tokens);
  }
}

const CALLS: readonly GenuineFrame[] = genuineFrames.filter(
  ({ type }) => type !== FrameType.ExtraInfo,
);
const ANSWERS: readonly GenuineFrame[] = genuineFrames.filter(
  ({ type }) => type === FrameType.ExtraInfo,
);

function frame(type: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(4 + payload.length);
  bytes[0] = type;
  bytes.writeUIntBE(payload.length, 1, 3);
  bytes.set(payload, 4);
  return bytes;
}

/** Announces more than comes, less, nothing, or the most there can be. */
function withWrongLength(bytes: Buffer, random: Random): Buffer {
  const { length } = bytes;
  const lengths = [0, 1, length, length - 5, random.below(length), MAX_PAYLOAD_BYTES, length * 2];
  bytes.writeUIntBE(Math.max(0, random.pick(lengths)), 1, 3);
  return bytes;
}

/** A recorded call under a token that this runner gave. */
function withToken(type: number, payload: Buffer, token: number): Buffer {
  const field = type === FrameType.HttpReqCall ? 6 : type === FrameType.HttpRespCall ? 3 : -1;
  const at = field === -1 ? 0 : fieldAt(payload, payload.readUInt32LE(0), field);
  if (at === 0) return payload;
  const called = Buffer.from(payload);
  called.writeUInt32LE(token, at);
  return called;
}
