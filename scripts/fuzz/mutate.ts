/** Ways to spoil a payload: some blind, some that know how FlatBuffers are laid out. */
import { genuineFrames } from "./genuine.ts";
import type { Random } from "./random.ts";

type Mutation = (payload: Buffer, random: Random) => Buffer;

/** A copy of the payload with one to three mutations. */
export function mutate(payload: Buffer, random: Random): Buffer {
  let mutated = Buffer.from(payload);
  for (let left = 1 + random.below(3); left > 0; left--) {
    mutated = Buffer.from(random.pick(MUTATIONS)(mutated, random));
  }
  return mutated;
}

const setByte: Mutation = (payload, random) => {
  if (payload.length > 0) payload[random.below(payload.length)] = random.next();
  return payload;
};

const flipBit: Mutation = (payload, random) => {
  if (payload.length > 0) payload[random.below(payload.length)]! ^= 1 << random.below(8);
  return payload;
};

/** A number at the edge of what fits, where a length, a count or an offset may stand. */
const setNumber: Mutation = (payload, random) => {
  if (payload.length < 4) return payload;
  const at = place(payload, random);
  const { length } = payload;
  const edges = [0, 1, 4, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  const near = [length, length - at, length - at - 4, length - 4, length + 1, random.below(64)];
  const value = random.oneIn(2) ? random.pick(edges) : random.pick(near);
  if (random.oneIn(3)) payload.writeUInt16LE(value & 0xffff, at);
  else payload.writeUInt32LE(value >>> 0, at);
  return payload;
};

/** An offset that leads to another place of the payload, itself, or back to where it came from. */
const redirect: Mutation = (payload, random) => {
  if (payload.length < 4) return payload;
  const at = place(payload, random);
  const target = random.pick([at, 0, payload.readUInt32LE(0), place(payload, random)]);
  payload.writeUInt32LE((target - at) >>> 0, at);
  return payload;
};

/** A run of offsets that all lead to one place: a vector of one entry, many times. */
const share: Mutation = (payload, random) => {
  if (payload.length < 16) return payload;
  const at = place(payload, random);
  const target = at + payload.readUInt32LE(at);
  for (let i = 1 + random.below(16); i > 0 && at + i * 4 + 4 <= payload.length; i--) {
    payload.writeUInt32LE((target - at - i * 4) >>> 0, at + i * 4);
  }
  return payload;
};

const cut: Mutation = (payload, random) => payload.subarray(0, random.below(payload.length + 1));

const extend: Mutation = (payload, random) =>
  Buffer.concat([payload, random.bytes(random.below(64))]);

const remove: Mutation = (payload, random) => {
  const at = random.below(payload.length + 1);
  return Buffer.concat([payload.subarray(0, at), payload.subarray(at + 1 + random.below(16))]);
};

const insert: Mutation = (payload, random) => {
  const at = random.below(payload.length + 1);
  const bytes = random.bytes(1 + random.below(16));
  return Buffer.concat([payload.subarray(0, at), bytes, payload.subarray(at)]);
};

/** A piece of another genuine frame, or of this one, over a piece of this. */
const splice: Mutation = (payload, random) => {
  const from = random.oneIn(2) ? payload : random.pick(genuineFrames).payload;
  const start = random.below(from.length + 1);
  const piece = from.subarray(start, start + random.below(64));
  piece.copy(payload, random.below(payload.length + 1));
  return payload;
};

/** Text that UTF-8 does not know, header names that HTTP does not, ends of lines. */
const text: Mutation = (payload, random) => {
  const piece = random.pick(TEXTS);
  piece.copy(payload, random.below(payload.length + 1));
  return payload;
};

const TEXTS = [
  Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from("\r\n\r\n"),
  Buffer.from("__proto__"),
  Buffer.from("set-cookie"),
  Buffer.from([0]),
];

const MUTATIONS: readonly Mutation[] = [
  setByte,
  flipBit,
  setNumber,
  setNumber,
  redirect,
  redirect,
  share,
  cut,
  extend,
  remove,
  insert,
  splice,
  text,
];

/** Where a number may stand: mostly at a multiple of four, as builders place them. */
function place(payload: Buffer, random: Random): number {
  const at = random.below(payload.length - 3);
  return random.oneIn(4) ? at : at & ~3;
}
