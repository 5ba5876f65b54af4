/** Lines of a stream as they come, and a way to wait for one. */

export class LineLog {
  readonly lines: string[] = [];
  #waiters: { pattern: RegExp | string; from: number; resolve(line: string): void }[] = [];
  #streams: Promise<void>[] = [];

  /** Resolves when all streams have ended. */
  get ended(): Promise<unknown> {
    return Promise.all(this.#streams);
  }

  get text(): string {
    return this.lines.join("\n");
  }

  collect(stream: ReadableStream<Uint8Array>): void {
    this.#streams.push(this.#read(stream));
  }

  /** The first line with this in it, whether it has come or will; a test's own time is the limit. */
  line(pattern: RegExp | string): Promise<string> {
    const found = this.lines.find((line) => matches(line, pattern));
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      this.#waiters.push({ pattern, from: this.lines.length, resolve });
    });
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) this.#add(line);
    }
    if (rest !== "") this.#add(rest);
  }

  #add(line: string): void {
    this.lines.push(line);
    this.#waiters = this.#waiters.filter(({ pattern, resolve }) => {
      if (!matches(line, pattern)) return true;
      resolve(line);
      return false;
    });
  }
}

function matches(line: string, pattern: RegExp | string): boolean {
  return typeof pattern === "string" ? line.includes(pattern) : pattern.test(line);
}
