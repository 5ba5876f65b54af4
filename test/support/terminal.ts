/** A program in a terminal of its own: keys go in, what it shows comes out. */
export class TerminalProgram implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  #shown = "";
  #waiting: (() => void)[] = [];

  constructor(command: readonly string[], env: Record<string, string>) {
    const decoder = new TextDecoder();
    this.#child = Bun.spawn([...command], {
      cwd: "/",
      env: { TERM: "dumb", PATH: process.env["PATH"] ?? "", ...env },
      terminal: {
        cols: 200,
        rows: 50,
        data: (_terminal, bytes) => {
          this.#shown += decoder.decode(bytes, { stream: true });
          for (const wake of this.#waiting.splice(0)) wake();
        },
      },
    });
  }

  type(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  /** Waits until it has shown something that fits, since this was last asked; returns that. */
  async shows(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#shown);
      if (found !== null) {
        this.#shown = this.#shown.slice(found.index + found[0].length);
        return found[0];
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#child.terminal?.close();
  }
}
