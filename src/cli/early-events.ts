/** What would end the process before there is anybody to act on it: kept until there is. */

/** A plugin that is loaded early may leave a promise that rejects. */
const EVENTS = [
  "SIGHUP",
  "SIGUSR1",
  "SIGTERM",
  "SIGINT",
  "unhandledRejection",
  "uncaughtException",
] as const;

type Event = (typeof EVENTS)[number];

export class EarlyEvents {
  readonly #came: { readonly event: Event; readonly details: readonly unknown[] }[] = [];
  readonly #listeners = EVENTS.map((event) => {
    const keep = (...details: unknown[]): void => void this.#came.push({ event, details });
    // Node's types have a signature for each.
    (process as NodeJS.EventEmitter).on(event, keep);
    return { event, keep };
  });

  /** Others act on them now: also on those that have come, in their order. */
  release(): void {
    const emitter: NodeJS.EventEmitter = process;
    for (const { event, keep } of this.#listeners) emitter.off(event, keep);
    for (const { event, details } of this.#came) emitter.emit(event, ...details);
  }
}
