/** SIGHUP: the wish to reload, kept until something can, and never the end of the process. */

/** From the moment it is made, no SIGHUP ends the process. */
export class Hangups {
  #reload: (() => Promise<void>) | undefined;
  #waiting = false;
  #running = false;

  constructor() {
    process.on("SIGHUP", () => this.request());
  }

  /** The same wish, from somebody else. */
  request(): void {
    this.#waiting = true;
    void this.#run();
  }

  /**
   * Reloads on SIGHUP, also on one that has come already. Those that come while a reload runs are
   * answered by one more after it.
   *
   * @param reload must not reject
   */
  serve(reload: () => Promise<void>): void {
    this.#reload = reload;
    void this.#run();
  }

  /** No reload begins from here on. */
  ignore(): void {
    this.#reload = undefined;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting && this.#reload !== undefined) {
      this.#waiting = false;
      await this.#reload();
    }
    this.#running = false;
  }
}
