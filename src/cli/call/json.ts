/** What came of a call, as one JSON object. */
import { isUtf8 } from "node:buffer";
import type { AskedQuestion } from "../../gateway/answers.ts";
import type { RequestReply, ResponseReply } from "../../gateway/decode-replies.ts";
import type {
  ForwardEffect,
  HttpResponse,
  RespondEffect,
  UpstreamRequest,
} from "../../gateway/effect.ts";
import { bytesOf } from "../../gateway/wire-text.ts";
import type { WireEntry, WireText } from "../../protocol/text-entries.ts";
import type { CallInput } from "./input.ts";
import type { CallOutcome } from "./outcome.ts";

/** Text, or bytes that are none. */
type JsonText = string | { readonly base64: string };

type JsonEntry = readonly [name: JsonText, value: JsonText | null];

export function asJson({ conf, upstream }: CallInput, outcome: CallOutcome): object {
  const { effect, questions } = outcome;
  return {
    plugins: conf.map(({ name }) => name),
    phase: upstream === undefined ? "request" : "response",
    ...(outcome.kind === "replied"
      ? { action: outcome.reply.kind, reply: replyJson(outcome.reply) }
      : {
          action: "error",
          error: { code: outcome.code ?? null, message: outcome.message, during: outcome.during },
        }),
    ...effectJson(effect),
    notes: effect.notes,
    questions: questions.map(questionJson),
  };
}

/** As the runner sent it. */
function replyJson(reply: RequestReply | ResponseReply): object {
  switch (reply.kind) {
    case "continue":
      return {};
    case "rewrite":
      return {
        path: reply.path === undefined ? undefined : text(reply.path),
        headers: entries(reply.headers),
        args: entries(reply.args),
        responseHeaders: entries(reply.responseHeaders),
        body: body(reply.body),
      };
    case "stop":
    case "response":
      return { status: reply.status, headers: entries(reply.headers), body: body(reply.body) };
  }
}

/** What APISIX makes of it. */
function effectJson(effect: ForwardEffect | RespondEffect): object {
  if (effect.kind === "forward") {
    return {
      upstreamRequest: requestJson(effect.request),
      responseHeaders: entries(effect.responseHeaders),
    };
  }
  return { response: { ...responseJson(effect.response), errorPage: effect.errorPage } };
}

function requestJson({ method, target, ...message }: UpstreamRequest): object {
  return { method, target, headers: entries(message.headers), body: body(message.body) };
}

function responseJson(response: HttpResponse): object {
  return { status: response.status, headers: entries(response.headers), body: body(response.body) };
}

function questionJson({ question, answer }: AskedQuestion): object {
  return {
    asked: question.kind,
    name: question.kind === "var" ? question.name : undefined,
    answer: answer === undefined ? null : text(answer),
  };
}

function entries(all: readonly WireEntry[]): JsonEntry[] {
  return all.map(({ name, value }) => [text(name), value === undefined ? null : text(value)]);
}

function body(bytes: Uint8Array | undefined): JsonText | undefined {
  return bytes && text(bytes);
}

function text(value: WireText): JsonText {
  if (typeof value === "string") return value;
  const bytes = Buffer.from(bytesOf(value));
  return isUtf8(bytes) ? bytes.toString("utf8") : { base64: bytes.toString("base64") };
}
