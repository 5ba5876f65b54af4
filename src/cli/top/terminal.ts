/** A terminal taken over for pictures, and given back as it was, however the process ends. */

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_REST = "\x1b[J";

/** Signals that end the process, which must not leave the terminal as it is then. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

export interface TerminalOptions {
  /** Told when the user wants to leave. */
  onQuit(): void;
  /** Told when there is another number of rows or columns. */
  onResize(): void;
}

export class Terminal implements Disposable {
  readonly #restore = (): void => {
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write(LEAVE);
  };

  constructor({ onQuit, onResize }: TerminalOptions) {
    process.on("exit", this.#restore);
    for (const signal of SIGNALS) process.on(signal, onQuit);
    process.stdout.on("resize", onResize);
    process.stdout.write(ENTER);
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.on("data", (keys: Buffer) => {
      // Ctrl-C is a key like any other now.
      if (/[qQ\x03]/.test(keys.toString("latin1"))) onQuit();
    });
    process.stdin.on("end", onQuit);
  }

  /** The terminal's size, with what is usual where it does not say. */
  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = process.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  draw(lines: readonly string[]): void {
    process.stdout.write(
      `${HOME}${lines.map((line) => line + CLEAR_LINE).join("\r\n")}${CLEAR_REST}`,
    );
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#restore);
    this.#restore();
  }
}
