/** Calls to the runner with all that APISIX does around them: pooled connections, tokens, three tries. */
import { FrameType } from "../protocol/frame.ts";
import type { AnswerFunction, AskedQuestion } from "./answers.ts";
import { type CallResult, connectRunner, type RunnerClient } from "./client.ts";
import { ConfTokens } from "./conf-tokens.ts";
import type { RequestReply, ResponseReply } from "./decode-replies.ts";
import type { GatewayRequest, GatewayResponse } from "./encode-calls.ts";
import { MalformedReplyError, RunnerConnectionError, RunnerError } from "./errors.ts";
import { IdlePool } from "./idle-pool.ts";
import type { ExtPlugin } from "./routes/route.ts";

export interface RunnerCallOptions {
  /** The runner's Unix socket. */
  readonly socket: string;
  /** For connecting, ms; 1000 by default. */
  readonly connectTimeout?: number | undefined;
  /** For each reply or question of the runner, ms; 60 000 by default. */
  readonly replyTimeout?: number | undefined;
  /** How long a request waits while another conf is prepared, ms; 5000 by default. */
  readonly lockTimeout?: number | undefined;
}

/** What a call to the runner came to. */
export type CallOutcome<Reply> =
  | {
      readonly kind: "replied";
      /** The call's number. */
      readonly id: number;
      readonly reply: Reply;
      readonly questions: readonly AskedQuestion[];
      /** 1, or more where the runner did not know the token. */
      readonly tries: number;
    }
  | {
      readonly kind: "failed";
      readonly id: number;
      /** The runner's fault is one that APISIX's own code breaks down over: 500 instead of 503. */
      readonly breaksApisix: boolean;
      readonly error: Error;
      readonly questions: readonly AskedQuestion[];
      readonly tries: number;
    };

type Call<Reply> = (client: RunnerClient, confToken: number) => Promise<CallResult<Reply>>;

const TRIES = 3;
const KEPT_CONNECTIONS = 32;
const KEPT_FOR_MS = 180_000;

export class RunnerCalls {
  readonly #tokens: ConfTokens;
  readonly #pool = new IdlePool<RunnerClient>(KEPT_CONNECTIONS, KEPT_FOR_MS);
  #nextId = 0;

  constructor(private readonly options: RunnerCallOptions) {
    this.#tokens = new ConfTokens(options.lockTimeout ?? 5000);
  }

  request(
    plugin: ExtPlugin,
    request: Omit<GatewayRequest, "id" | "confToken">,
    answer: AnswerFunction,
  ): Promise<CallOutcome<RequestReply>> {
    const id = this.#id();
    return this.#untilKnown(plugin, FrameType.HttpReqCall, id, (client, confToken) =>
      client.httpReqCall({ ...request, id, confToken }, answer),
    );
  }

  response(
    plugin: ExtPlugin,
    response: Omit<GatewayResponse, "id" | "confToken">,
    answer: AnswerFunction,
  ): Promise<CallOutcome<ResponseReply>> {
    const id = this.#id();
    return this.#untilKnown(plugin, FrameType.HttpRespCall, id, (client, confToken) =>
      client.httpRespCall({ ...response, id, confToken }, answer),
    );
  }

  /** Forgets all tokens, as APISIX does when its runner has exited. */
  flush(): void {
    this.#tokens.flush();
  }

  close(): void {
    this.#pool.close();
  }

  /** Nothing but a token that the runner does not know is tried again. */
  async #untilKnown<Reply>(
    plugin: ExtPlugin,
    frameType: number,
    id: number,
    call: Call<Reply>,
  ): Promise<CallOutcome<Reply>> {
    for (let tries = 1; ; tries++) {
      try {
        const result = await this.#once(plugin, call);
        return { kind: "replied", id, ...result, tries };
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        const isRunnerError = error instanceof RunnerError;
        if (isRunnerError && error.code === "CONF_TOKEN_NOT_FOUND") this.flush();
        if (isRunnerError && error.code === "CONF_TOKEN_NOT_FOUND" && tries < TRIES) continue;
        const questions = isRunnerError ? error.questions : [];
        const breaksApisix = breaksDown(error, frameType);
        return { kind: "failed", id, error, breaksApisix, questions, tries };
      }
    }
  }

  /** The connection is opened before the token is known: a conf is prepared on a second one. */
  async #once<Reply>(plugin: ExtPlugin, call: Call<Reply>): Promise<CallResult<Reply>> {
    return this.#connected(async (client) => {
      const token = await this.#tokens.get(plugin.key, () =>
        this.#connected((second) => second.prepareConf(plugin.key, plugin.conf)),
      );
      return call(client, token);
    });
  }

  /** A connection is kept only after a call that went well. */
  async #connected<Result>(use: (client: RunnerClient) => Promise<Result>): Promise<Result> {
    const client = this.#pool.take() ?? (await this.#connect());
    try {
      const result = await use(client);
      this.#pool.put(client);
      return result;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async #connect(): Promise<RunnerClient> {
    const { socket, connectTimeout = 1000, replyTimeout = 60_000 } = this.options;
    const { promise, reject } = Promise.withResolvers<never>();
    const connecting = connectRunner(socket, { replyTimeout });
    const timer = setTimeout(() => {
      reject(
        new RunnerConnectionError(
          `the runner at ${socket} did not take the connection for ${connectTimeout} ms`,
        ),
      );
      connecting.then((late) => late.close()).catch(() => {});
    }, connectTimeout);
    try {
      return await Promise.race([connecting, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Those of nginx's first worker. */
  #id(): number {
    const id = this.#nextId;
    this.#nextId = (id + 1) % (1 << 22);
    return id;
  }
}

/** A frame of a type that APISIX was not waiting for is told by its header, before its payload is read. */
function breaksDown(error: Error, frameType: number): boolean {
  if (error instanceof RangeError) return true;
  if (!(error instanceof MalformedReplyError)) return false;
  const awaited: number[] = [
    frameType,
    FrameType.Error,
    FrameType.PrepareConf,
    FrameType.ExtraInfo,
  ];
  return awaited.includes(error.frameType);
}
