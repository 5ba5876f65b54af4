/** APISIX's end of a connection that stays in memory: one call at a time, and answers to its questions. */
import type { AnswerFunction, AskedQuestion } from "../gateway/answers.ts";
import { decodeReply, type RunnerReply } from "../gateway/decode-replies.ts";
import { extraInfoFrame } from "../gateway/encode-calls.ts";
import { createFrameDecoder } from "../protocol/frame-decoder.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Question } from "../protocol/replies.ts";
import type { Runner } from "../rpc/runner.ts";
import { type ByteSocket, Connection } from "../server/connection.ts";

export class ConnectionEnd implements ByteSocket {
  /** What the runner asked, in order. */
  readonly asked: AskedQuestion[] = [];
  readonly #connection: Connection;
  readonly #frames = createFrameDecoder((type, payload) => this.#receive(type, payload));
  #reply = Promise.withResolvers<RunnerReply>();
  /** Answers go out in the order of their questions. */
  #answered: Promise<void> = Promise.resolve();

  constructor(
    runner: Runner,
    private readonly answer: AnswerFunction,
  ) {
    this.#connection = new Connection(this, runner);
  }

  call(frame: Frame): Promise<RunnerReply> {
    this.#reply = Promise.withResolvers();
    this.#connection.data(Buffer.from(frame));
    return this.#reply.promise;
  }

  /** The call under way rejects. */
  disconnect(): void {
    this.#connection.closed();
    this.#reply.reject(new Error("the connection was closed before the runner replied"));
  }

  write(bytes: Uint8Array): number {
    this.#frames.push(bytes);
    return bytes.length;
  }

  pause(): void {}
  resume(): void {}
  end(): void {}

  #receive(type: number, payload: Buffer): void {
    try {
      const reply = decodeReply(type, payload);
      if (reply.kind === "question") this.#answer(reply.question);
      else this.#reply.resolve(reply);
    } catch (error) {
      this.#reply.reject(error);
    }
  }

  /** Later, as no socket is read while it is written. */
  #answer(question: Question): void {
    this.#answered = this.#answered.then(async () => {
      try {
        const answer = await this.answer(question);
        this.asked.push({ question, answer });
        this.#connection.data(Buffer.from(extraInfoFrame(answer)));
      } catch (error) {
        this.#reply.reject(error);
      }
    });
  }
}
