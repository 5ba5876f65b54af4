/** For how long the serving thread has not turned, although it could have. */

/** The serving thread at one moment. */
export interface ThreadState {
  /** ms of processor time that it has ever had. */
  readonly cpuMs: number;
  /** It runs or waits for a processor; else it waits for something else, as in a system call. */
  readonly isRunnable: boolean;
}

/**
 * Counts looks, not the clock: a process that was stopped, or a machine that slept, stopped the looking
 * too. A thread that wants to run is given the time in which it did: on a busy machine it may be the
 * processor that keeps it from turning, and no plugin.
 */
export class StuckTime {
  #beat: number | undefined;
  #lookedAt = performance.now();
  #cpuMs: number | undefined;
  #stuck = 0;

  /** @param read returns undefined where the system does not say; then all time counts */
  constructor(private readonly read: () => ThreadState | undefined = servingThread) {}

  /**
   * Looks once.
   *
   * @param period ms that should lie between two looks
   * @returns ms since the beat last changed
   */
  look(beat: number, period: number, now = performance.now()): number {
    const elapsed = Math.min(now - this.#lookedAt, 2 * period);
    this.#lookedAt = now;
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#stuck = 0;
      this.#cpuMs = undefined;
      return 0;
    }
    const thread = this.read();
    this.#stuck += thread?.isRunnable === true ? Math.min(elapsed, this.#ran(thread)) : elapsed;
    this.#cpuMs = thread?.cpuMs;
    return this.#stuck;
  }

  /** The first look after a beat only finds out where the count stands. */
  #ran({ cpuMs }: ThreadState): number {
    return cpuMs - (this.#cpuMs ?? cpuMs);
  }
}

/** The serving thread is the process's first: its id is the process's. */
function servingThread(): ThreadState | undefined {
  try {
    // Not imported: it would take most of a megabyte in a thread that hardly ever needs it.
    const { readFileSync } = process.getBuiltinModule("node:fs");
    const dir = `/proc/self/task/${process.pid}`;
    const cpuMs = Number(readFileSync(`${dir}/schedstat`, "latin1").split(" ")[0]) / 1e6;
    const stat = readFileSync(`${dir}/stat`, "latin1");
    // "pid (name) state …", and a name may have brackets in it.
    return { cpuMs, isRunnable: stat.charAt(stat.lastIndexOf(")") + 2) === "R" };
  } catch {
    // Not Linux, or a kernel that does not count.
    return undefined;
  }
}
