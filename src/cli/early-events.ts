/** What would end the process before there is anybody to act on it: kept until there is. */

const SIGNALS = ["SIGHUP", "SIGUSR1", "SIGTERM", "SIGINT"] as const;

interface EarlyEvent {
  readonly name: string;
  readonly details: readonly unknown[];
}

export class EarlyEvents {
  readonly #came: EarlyEvent[] = [];
  /** Each signal's listeners are told its name. */
  readonly #signal = (...details: unknown[]): void =>
    void this.#came.push({ name: details[0] as string, details });
  /** A plugin that is loaded early may throw in a timer, */
  readonly #exception = (...details: unknown[]): void =>
    void this.#came.push({ name: "uncaughtException", details });
  /** or leave a promise that rejects. */
  readonly #rejection = (...details: unknown[]): void =>
    void this.#came.push({ name: "unhandledRejection", details });

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#signal);
    process.on("uncaughtException", this.#exception);
    process.on("unhandledRejection", this.#rejection);
  }

  /** Others act on them now: also on those that have come, in their order. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#signal);
    process.off("uncaughtException", this.#exception);
    process.off("unhandledRejection", this.#rejection);
    const emitter: NodeJS.EventEmitter = process;
    for (const { name, details } of this.#came) emitter.emit(name, ...details);
  }
}
