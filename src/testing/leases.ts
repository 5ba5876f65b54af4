/** Tells when the last state of some plugins has been disposed of. */
import type { Plugin } from "../plugin/plugin.ts";

export class Leases {
  #held = 0;
  #waiting: (() => void)[] = [];

  constructor(plugins: readonly Plugin[]) {
    for (const plugin of plugins) {
      plugin.lease = {
        acquire: () => {
          this.#held++;
        },
        release: () => this.#release(),
        end: () => {},
      };
    }
  }

  /** Resolves when no state is left; one that a call still uses ends with that call. */
  ended(): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    this.#held--;
    if (this.#held > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
