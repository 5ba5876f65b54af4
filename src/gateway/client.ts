/** Calls to a runner, as APISIX makes them. */
import type { ConfEntry } from "../protocol/calls.ts";
import type { Frame } from "../protocol/frame.ts";
import { type AnswerFunction, type Answers, answersOfCall, type AskedQuestion } from "./answers.ts";
import type { RequestReply, ResponseReply, RunnerReply } from "./decode-replies.ts";
import {
  extraInfoFrame,
  type GatewayRequest,
  type GatewayResponse,
  httpReqCallFrame,
  httpRespCallFrame,
  prepareConfFrame,
} from "./encode-calls.ts";
import { RunnerConnectionError, RunnerError } from "./errors.ts";
import { ReplyChannel } from "./reply-channel.ts";

/** What a call came to. */
export interface CallResult<Reply> {
  readonly reply: Reply;
  /** What the runner asked for on the way, in its order. */
  readonly questions: readonly AskedQuestion[];
}

/**
 * A connection to a runner. It carries one call at a time: one that is begun while another is under
 * way rejects. A call rejects with `RunnerError` where the runner answers with an error frame, and
 * with `RunnerConnectionError` where no answer comes or one that makes no sense.
 */
export interface RunnerClient {
  /** Resolves when the connection has gone, whoever ended it. */
  readonly closed: Promise<void>;

  /** The connection stands, no call is under way, and nothing has come that nobody asked for. */
  readonly isIdle: boolean;

  /**
   * Gives a conf for a token.
   *
   * @param key names route, plugin and version: `route#1#ext-plugin-pre-req#1`
   * @param conf `undefined`: the route's plugin has no conf
   */
  prepareConf(key: string | undefined, conf: readonly ConfEntry[] | undefined): Promise<number>;

  /** @param answers where answers to the runner's questions come from; nothing is known by default */
  httpReqCall(request: GatewayRequest, answers?: Answers): Promise<CallResult<RequestReply>>;

  /** @param answers where answers to the runner's questions come from; nothing is known by default */
  httpRespCall(response: GatewayResponse, answers?: Answers): Promise<CallResult<ResponseReply>>;

  /** Closes the connection; a call under way rejects. */
  close(): void;
}

export interface ConnectOptions {
  /** How long to wait for each reply or question, ms; for ever by default. APISIX waits 60 000. */
  readonly replyTimeout?: number | undefined;
}

/**
 * Connects to a runner.
 *
 * @param path of its Unix socket
 * @throws RunnerConnectionError where nobody listens there
 */
export async function connectRunner(
  path: string,
  { replyTimeout }: ConnectOptions = {},
): Promise<RunnerClient> {
  return new ChannelClient(await ReplyChannel.connect(path, replyTimeout));
}

class ChannelClient implements RunnerClient {
  #busy = false;

  constructor(private readonly channel: ReplyChannel) {}

  get closed(): Promise<void> {
    return this.channel.closed;
  }

  get isIdle(): boolean {
    return !this.#busy && !this.channel.hasUnread && !this.channel.hasEnded;
  }

  async prepareConf(
    key: string | undefined,
    conf: readonly ConfEntry[] | undefined,
  ): Promise<number> {
    const { reply } = await this.#call(() => prepareConfFrame(key, conf), isConfToken, undefined);
    return reply.token;
  }

  httpReqCall(request: GatewayRequest, answers: Answers = {}): Promise<CallResult<RequestReply>> {
    const frame = (): Frame => httpReqCallFrame(request);
    return this.#call(frame, isRequestReply, answersOfCall(answers, "request"));
  }

  httpRespCall(
    response: GatewayResponse,
    answers: Answers = {},
  ): Promise<CallResult<ResponseReply>> {
    const frame = (): Frame => httpRespCallFrame(response);
    return this.#call(frame, isResponseReply, answersOfCall(answers, "response"));
  }

  close(): void {
    this.channel.end(new RunnerConnectionError("the connection was closed from this side"));
  }

  /** @param answer `undefined`: no questions are allowed */
  async #call<Reply extends RunnerReply>(
    frame: () => Frame,
    isExpected: (reply: RunnerReply) => reply is Reply,
    answer: AnswerFunction | undefined,
  ): Promise<CallResult<Reply>> {
    if (this.#busy) {
      throw new Error("one call at a time: await the one under way, or open another connection");
    }
    const bytes = frame();
    this.#busy = true;
    try {
      if (this.channel.hasUnread) throw unasked(await this.channel.next());
      this.channel.send(bytes);
      return await this.#untilAnswered(isExpected, answer);
    } catch (error) {
      // What breaks off in the middle would go on in the next call.
      if (!(error instanceof RunnerError)) this.channel.end(asReason(error));
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** Frames are taken one by one: what was asked before the reply is answered before it. */
  async #untilAnswered<Reply extends RunnerReply>(
    isExpected: (reply: RunnerReply) => reply is Reply,
    answer: AnswerFunction | undefined,
  ): Promise<CallResult<Reply>> {
    const questions: AskedQuestion[] = [];
    for (;;) {
      const reply = await this.channel.next();
      if (isExpected(reply)) return { reply, questions };
      if (reply.kind === "error") throw new RunnerError(reply.code, questions);
      if (reply.kind !== "question" || answer === undefined) throw unasked(reply);
      const told = await answer(reply.question);
      questions.push({ question: reply.question, answer: told });
      this.channel.send(extraInfoFrame(told));
    }
  }
}

function asReason(cause: unknown): RunnerConnectionError {
  return cause instanceof RunnerConnectionError
    ? cause
    : new RunnerConnectionError("a call before broke off in the middle", { cause });
}

function unasked({ kind }: RunnerReply): RunnerConnectionError {
  return new RunnerConnectionError(`the runner sent what nobody asked for: ${kind}`);
}

function isConfToken(reply: RunnerReply): reply is RunnerReply & { kind: "conf-token" } {
  return reply.kind === "conf-token";
}

function isRequestReply(reply: RunnerReply): reply is RequestReply {
  return reply.kind === "continue" || reply.kind === "rewrite" || reply.kind === "stop";
}

function isResponseReply(reply: RunnerReply): reply is ResponseReply {
  return reply.kind === "response";
}
