/** Makes a failing case smaller, as long as it still fails. */
import type { FuzzCase } from "./case.ts";

/** ms that making it small may take. */
const MAX_TIME = 30_000;

/** @param failsWith undefined: the case ends as it must */
export async function minimise(
  fuzzCase: FuzzCase,
  failsWith: (fuzzCase: FuzzCase) => Promise<unknown>,
): Promise<FuzzCase> {
  let best = fuzzCase;
  const end = performance.now() + MAX_TIME;
  const improve = async (candidate: FuzzCase): Promise<boolean> => {
    if (performance.now() > end || (await failsWith(candidate)) === undefined) return false;
    best = candidate;
    return true;
  };
  await improve({ ...best, readBytes: 0 });
  for (let i = best.frames.length - 1; i >= 0; i--) {
    await improve({ ...best, frames: best.frames.toSpliced(i, 1) });
  }
  for (let i = 0; i < best.frames.length; i++) {
    for (let size = best.frames[i]!.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < best.frames[i]!.length;) {
        const frame = without(best.frames[i]!, at, size);
        if (!(await improve({ ...best, frames: best.frames.with(i, frame) }))) at += size;
      }
    }
  }
  return best;
}

/** The frame without these bytes; its header says so where it was true before. */
function without(frame: Buffer, at: number, size: number): Buffer {
  const wasTrue = frame.length >= 4 && frame.readUIntBE(1, 3) === frame.length - 4;
  const shorter = Buffer.concat([frame.subarray(0, at), frame.subarray(at + size)]);
  if (wasTrue && at >= 4) shorter.writeUIntBE(shorter.length - 4, 1, 3);
  return shorter;
}
