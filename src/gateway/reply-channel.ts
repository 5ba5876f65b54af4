/** A connection to a runner as it is seen from APISIX: frames go out, replies come in. */
import { createFrameDecoder } from "../protocol/frame-decoder.ts";
import type { Frame } from "../protocol/frame.ts";
import { decodeReply, type RunnerReply, UnknownQuestionError } from "./decode-replies.ts";
import { MalformedReplyError, RunnerConnectionError } from "./errors.ts";

export class ReplyChannel {
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the connection has gone, whoever ended it. */
  readonly closed = this.#closed.promise;
  readonly #decoder = createFrameDecoder((type, payload) => this.#receive(type, payload));
  #socket: Bun.Socket<undefined> | undefined;
  /** What the socket has not taken yet. */
  #unwritten: Buffer[] = [];
  /** Replies that came while nobody waited for one: several questions may come in one go. */
  #replies: RunnerReply[] = [];
  #waiting: PromiseWithResolvers<RunnerReply> | undefined;
  /** Why nothing goes any more. */
  #end: RunnerConnectionError | undefined;

  /** @param replyTimeout how long to wait for a reply, ms; `undefined`: for ever */
  private constructor(private readonly replyTimeout: number | undefined) {}

  /** @throws RunnerConnectionError where nobody listens at the path */
  static async connect(path: string, replyTimeout?: number): Promise<ReplyChannel> {
    const channel = new ReplyChannel(replyTimeout);
    try {
      channel.#socket = await channel.#open(path);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? `: ${String(cause.code)}` : "";
      throw new RunnerConnectionError(`cannot connect to a runner at ${path}${code}`, { cause });
    }
    return channel;
  }

  /** Replies have come that nobody asked for. */
  get hasUnread(): boolean {
    return this.#replies.length > 0;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * The frame is written or copied before the return.
   *
   * @throws RunnerConnectionError where the connection has gone
   */
  send(frame: Frame): void {
    if (this.#end) throw this.#end;
    const written = this.#unwritten.length > 0 ? 0 : this.#write(frame);
    if (written < frame.length) this.#unwritten.push(Buffer.from(frame.subarray(written)));
  }

  /** The next reply, whether it has come or will. Rejects with `RunnerConnectionError`. */
  next(): Promise<RunnerReply> {
    const reply = this.#replies.shift();
    if (reply) return Promise.resolve(reply);
    if (this.#end) return Promise.reject(this.#end);
    const waiting = Promise.withResolvers<RunnerReply>();
    this.#waiting = waiting;
    const { replyTimeout } = this;
    if (replyTimeout === undefined) return waiting.promise;
    const timer = setTimeout(
      () => this.end(new RunnerConnectionError(`the runner did not reply for ${replyTimeout} ms`)),
      replyTimeout,
    );
    return waiting.promise.finally(() => clearTimeout(timer));
  }

  /** Ends the connection; only the first reason counts. */
  end(reason: RunnerConnectionError): void {
    if (this.#end) return;
    this.#end = reason;
    this.#unwritten = [];
    this.#replies = [];
    this.#waiting?.reject(reason);
    this.#waiting = undefined;
    this.#socket?.end();
  }

  #open(path: string): Promise<Bun.Socket<undefined>> {
    return Bun.connect({
      unix: path,
      socket: {
        data: (_socket, chunk) => this.#decoder.push(chunk),
        drain: () => this.#flush(),
        close: () => {
          this.end(new RunnerConnectionError(this.#cutOff()));
          this.#closed.resolve();
        },
        error: (_socket, cause) =>
          this.end(new RunnerConnectionError("the connection to the runner failed", { cause })),
      },
    });
  }

  #receive(type: number, payload: Buffer): void {
    if (this.#end) return;
    const waiting = this.#waiting;
    try {
      const reply = decodeReply(type, payload);
      this.#waiting = undefined;
      if (waiting) waiting.resolve(reply);
      else this.#replies.push(reply);
    } catch (cause) {
      const message = `the runner sent a malformed frame: ${cause instanceof Error ? cause.message : String(cause)}`;
      this.end(
        cause instanceof UnknownQuestionError
          ? new RunnerConnectionError(message, { cause })
          : new MalformedReplyError(type, message, { cause }),
      );
    }
  }

  #flush(): void {
    for (let first = this.#unwritten[0]; first !== undefined; first = this.#unwritten[0]) {
      const written = this.#write(first);
      if (written < first.length) {
        this.#unwritten[0] = first.subarray(written);
        return;
      }
      this.#unwritten.shift();
    }
  }

  /** How many bytes the socket took. A closed one takes -1: the end is told by its close event. */
  #write(bytes: Uint8Array): number {
    return Math.max(0, this.#socket?.write(bytes) ?? 0);
  }

  #cutOff(): string {
    const { buffered } = this.#decoder;
    return buffered === 0
      ? "the runner closed the connection"
      : `the runner closed the connection in the middle of a frame, of which ${buffered} bytes had come`;
  }
}
