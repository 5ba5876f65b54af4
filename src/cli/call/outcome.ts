/** Makes one call and says what came of it. */
import type { AnswerFunction, AskedQuestion } from "../../gateway/answers.ts";
import type { RunnerClient } from "../../gateway/client.ts";
import type { ErrorCodeName, RequestReply, ResponseReply } from "../../gateway/decode-replies.ts";
import {
  failureEffect,
  type ForwardEffect,
  requestEffect,
  type RespondEffect,
  responseEffect,
} from "../../gateway/effect.ts";
import { RunnerConnectionError, RunnerError } from "../../gateway/errors.ts";
import { requestVariable } from "../../gateway/variables.ts";
import { PayloadTooLargeError } from "../../protocol/frame.ts";
import { bytesOf } from "../../gateway/wire-text.ts";
import { type CallInput, GATEWAY_HOST, GATEWAY_PORT } from "./input.ts";

export type CallOutcome = Replied | Failed;

export interface Replied {
  readonly kind: "replied";
  readonly reply: RequestReply | ResponseReply;
  readonly questions: readonly AskedQuestion[];
  readonly effect: ForwardEffect | RespondEffect;
}

export interface Failed {
  readonly kind: "failed";
  /** `undefined`: the connection went, what came made no sense, or a body fits into no frame. */
  readonly code: ErrorCodeName | undefined;
  readonly message: string;
  readonly during: "prepare" | "call";
  readonly questions: readonly AskedQuestion[];
  readonly effect: RespondEffect;
}

/** Prepares the conf and makes the call, as APISIX would. */
export async function makeCall(client: RunnerClient, input: CallInput): Promise<CallOutcome> {
  const extPlugin = input.upstream === undefined ? "ext-plugin-pre-req" : "ext-plugin-post-resp";
  let during: Failed["during"] = "prepare";
  try {
    const confToken = await client.prepareConf(`route#call#${extPlugin}#1`, input.conf);
    during = "call";
    return await callPrepared(client, input, confToken);
  } catch (error) {
    const effect = failureEffect(input.upstream);
    if (error instanceof RunnerError) {
      const { code, message, questions } = error;
      return { kind: "failed", code, message, during, questions, effect };
    }
    const isExpected =
      error instanceof RunnerConnectionError || error instanceof PayloadTooLargeError;
    if (!isExpected) throw error;
    const { message } = error;
    return { kind: "failed", code: undefined, message, during, questions: [], effect };
  }
}

async function callPrepared(
  client: RunnerClient,
  input: CallInput,
  confToken: number,
): Promise<Replied> {
  const { request, upstream } = input;
  const answer = answers(input);
  if (upstream === undefined) {
    const result = await client.httpReqCall({ ...request, confToken }, answer);
    return { kind: "replied", ...result, effect: requestEffect(request, result.reply) };
  }
  const { status, headers } = upstream;
  const result = await client.httpRespCall({ status, headers, confToken }, answer);
  const effect = responseEffect(upstream, result.reply, request.method);
  return { kind: "replied", ...result, effect };
}

const ORIGIN = {
  scheme: "http",
  remoteAddr: "127.0.0.1",
  serverAddr: GATEWAY_HOST,
  serverPort: GATEWAY_PORT,
};

function answers({ vars, request, upstream }: CallInput): AnswerFunction {
  return (question) => {
    switch (question.kind) {
      case "var": {
        const { name } = question;
        const given = Object.hasOwn(vars, name) ? vars[name] : undefined;
        const value = given ?? requestVariable(name, request, ORIGIN);
        return value === undefined ? undefined : bytesOf(value);
      }
      case "request-body":
        return request.body?.length ? request.body : undefined;
      case "response-body":
        return upstream?.body;
    }
  };
}
