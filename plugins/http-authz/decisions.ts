/** Decisions that are kept for a while, and those that several wait for. */
import type { Decision } from "./decision.ts";

export interface DecisionsOptions {
  /** ms that a decision is kept. */
  readonly ttl: number;
  /** How many are kept. */
  readonly size: number;
}

type Ask = (signal: AbortSignal) => Promise<Decision>;

/**
 * In the process, not in the store: a hit costs no round trip and needs nobody to be there, and who can write to
 * a shared store gets no say in who may do what.
 */
export class Decisions {
  /** By last use, the oldest first: a Map keeps the order in which its keys came. */
  readonly #kept = new Map<string, { readonly decision: Decision; readonly until: number }>();
  readonly #asked = new Map<string, SharedQuestion>();

  constructor(private readonly options: DecisionsOptions | undefined) {}

  /**
   * The decision that is kept, or that the service is being asked for, or else asks.
   *
   * @param signal of the call that waits
   */
  async get(key: string, signal: AbortSignal, ask: Ask): Promise<Decision> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      if (kept.until > performance.now()) {
        this.#kept.set(key, kept);
        return kept.decision;
      }
    }
    let question = this.#asked.get(key);
    if (question === undefined) {
      const own = new SharedQuestion(ask, () => {
        if (this.#asked.get(key) === own) this.#asked.delete(key);
      });
      own.answer.then((decision) => this.#keep(key, decision)).catch(() => undefined);
      this.#asked.set(key, own);
      question = own;
    }
    return question.wait(signal);
  }

  #keep(key: string, decision: Decision): void {
    if (this.options === undefined || !decision.lasts) return;
    const { ttl, size } = this.options;
    this.#kept.set(key, { decision, until: performance.now() + ttl });
    if (this.#kept.size <= size) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      break;
    }
  }
}

/** One question to the service for all who have it at the same time; it is given up when the last of them has gone. */
class SharedQuestion {
  readonly answer: Promise<Decision>;
  readonly #abort = new AbortController();
  #waiting = 0;

  constructor(
    ask: Ask,
    private readonly onEnd: () => void,
  ) {
    this.answer = ask(this.#abort.signal).finally(onEnd);
  }

  wait(signal: AbortSignal): Promise<Decision> {
    signal.throwIfAborted();
    this.#waiting++;
    const { promise, resolve, reject } = Promise.withResolvers<Decision>();
    const leave = () => {
      reject(signal.reason);
      if (--this.#waiting > 0) return;
      // At once, so that nobody joins what is being given up.
      this.onEnd();
      this.#abort.abort(signal.reason);
    };
    signal.addEventListener("abort", leave);
    this.answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    return promise;
  }
}
