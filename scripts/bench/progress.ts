/** Shows how far a run is: one line that is written over in a terminal, a line a section elsewhere. */

export class Progress {
  readonly #begun = performance.now();
  #section = "";
  #sections = 0;

  constructor(
    private readonly total: number,
    private readonly out: {
      write(text: string): unknown;
      readonly isTTY?: boolean;
    } = process.stderr,
  ) {}

  section(name: string): void {
    this.#section = name;
    this.#sections++;
    if (!this.out.isTTY) this.out.write(`${this.#prefix()}\n`);
    else this.step("");
  }

  step(what: string): void {
    if (this.out.isTTY) this.out.write(`\r\x1b[K${this.#prefix()} ${what}`.slice(0, 110));
  }

  end(): void {
    this.out.write(`${this.out.isTTY ? "\r\x1b[K" : ""}measured in ${this.#elapsed()}\n`);
  }

  #prefix(): string {
    return `[${this.#sections}/${this.total} ${this.#elapsed()}] ${this.#section}`;
  }

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#begun) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}
