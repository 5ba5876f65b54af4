/** A successor of which a test decides what it says: the other end of a runner's offer to be taken over from. */

export class FakeSuccessor implements Disposable {
  readonly closed: Promise<void>;
  #text = "";
  #refuses = false;
  #onText: (() => void) | undefined;
  readonly #sockets: Bun.Socket<undefined>[] = [];

  private constructor(private readonly path: string) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#close = resolve;
  }

  readonly #close: () => void;

  static async connect(path: string): Promise<FakeSuccessor> {
    const successor = new FakeSuccessor(path);
    await successor.#connect((text) => successor.#heard(text));
    return successor;
  }

  /** Says hello on one channel, and opens the one for descriptors, which it never reads. */
  static async greet(path: string): Promise<FakeSuccessor> {
    const successor = await FakeSuccessor.connect(path);
    successor.say({ say: "hello", version: 1, pid: process.pid, key: "fake" });
    const second = await successor.#connect(() => undefined);
    second.pause();
    second.write('{"say":"descriptors","key":"fake"}\n');
    return successor;
  }

  /** Answers each descriptor with that it has not come. */
  refuseAll(): void {
    this.#refuses = true;
  }

  say(message: object): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  write(words: string): void {
    this.#sockets[0]?.write(words);
  }

  /** Resolves to all that was said, when this is part of it. */
  async heard(words: string): Promise<string> {
    while (!this.#text.includes(words)) {
      await new Promise<void>((resolve) => (this.#onText = resolve));
    }
    return this.#text;
  }

  #heard(text: string): void {
    this.#text += text;
    if (this.#refuses) {
      for (const [, number] of text.matchAll(/"say":"descriptor".*"number":(\d+)/g)) {
        this.say({ say: "took", number: Number(number), ok: false });
      }
    }
    this.#onText?.();
  }

  async #connect(onText: (text: string) => void): Promise<Bun.Socket<undefined>> {
    const socket = await Bun.connect({
      unix: this.path,
      socket: {
        data: (_socket, chunk) => onText(chunk.toString()),
        close: () => this.#close(),
        error: () => this.#close(),
      },
    });
    this.#sockets.push(socket);
    return socket;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}
