/** The frames that a genuine APISIX sent, to be mutated. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FRAME_HEADER_BYTES } from "../../src/protocol/frame.ts";

const FIXTURES = resolve(import.meta.dir, "../../test/fixtures");

/** Larger ones would take all the time; what is special about their size, the mutations make up. */
const MAX_BYTES = 8192;

export interface GenuineFrame {
  readonly type: number;
  readonly payload: Buffer;
}

export const genuineFrames: readonly GenuineFrame[] = readdirSync(FIXTURES)
  .filter((file) => file.endsWith(".bin"))
  .sort()
  .map((file) => readFileSync(join(FIXTURES, file)))
  .filter((bytes) => bytes.length <= MAX_BYTES)
  .map((bytes) => ({ type: bytes[0] ?? 0, payload: bytes.subarray(FRAME_HEADER_BYTES) }));
