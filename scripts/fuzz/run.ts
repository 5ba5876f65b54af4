/** Runs cases from a seed until enough frames have gone through, or one fails. */
import { type FuzzCase, makeCase } from "./case.ts";
import { InProcess } from "./in-process.ts";
import { Random } from "./random.ts";

export interface FuzzOptions {
  readonly seed: number;
  readonly frames: number;
  /** ms after which no further case begins. */
  readonly time?: number;
  /** The first case; others of the seed are left out. */
  readonly from?: number;
  /** Called now and then. */
  readonly progress?: (done: FuzzProgress) => void;
}

export interface FuzzProgress {
  readonly cases: number;
  readonly frames: number;
}

export interface FoundFailure {
  /** Which case of the seed. */
  readonly index: number;
  readonly fuzzCase: FuzzCase;
  readonly error: unknown;
}

export interface FuzzResult extends FuzzProgress {
  readonly failure?: FoundFailure;
}

const PROGRESS_CASES = 2000;

export async function fuzz({
  seed,
  frames: enough,
  time = Number.POSITIVE_INFINITY,
  from = 0,
  progress,
}: FuzzOptions): Promise<FuzzResult> {
  const end = performance.now() + time;
  const target = new InProcess();
  let frames = 0;
  let cases = 0;
  while (frames < enough && performance.now() < end) {
    const index = from + cases;
    const fuzzCase = caseOf(seed, index, target.tokens);
    const escaped = catchStray();
    try {
      frames += await target.run(fuzzCase);
      escaped.check();
    } catch (error) {
      return { cases, frames, failure: { index, fuzzCase, error } };
    } finally {
      escaped.stop();
    }
    if (++cases % PROGRESS_CASES === 0) progress?.({ cases, frames });
  }
  return { cases, frames };
}

/** The same case for the same seed and index, whatever ran before. */
export function caseOf(seed: number, index: number, tokens: readonly number[]): FuzzCase {
  return makeCase(new Random(seed * 1_000_003 + index), tokens);
}

/** Runs one case by itself; undefined: it ends as it must. */
export async function failsWith(fuzzCase: FuzzCase): Promise<unknown> {
  const escaped = catchStray();
  try {
    await new InProcess().run(fuzzCase);
    escaped.check();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    escaped.stop();
  }
}

/** What nobody caught while a case ran. */
function catchStray() {
  let stray: { error: unknown } | undefined;
  const keep = (error: unknown): void => {
    stray ??= { error };
  };
  process.on("unhandledRejection", keep);
  process.on("uncaughtException", keep);
  return {
    check(): void {
      if (stray !== undefined)
        throw new Error("an error that nothing caught", { cause: stray.error });
    },
    stop(): void {
      process.off("unhandledRejection", keep);
      process.off("uncaughtException", keep);
    },
  };
}
