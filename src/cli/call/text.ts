/** What came of a call, in words. */
import type { AskedQuestion } from "../../gateway/answers.ts";
import type { RewriteReply } from "../../gateway/decode-replies.ts";
import type { ForwardEffect, HttpResponse, RespondEffect } from "../../gateway/effect.ts";
import { isNamed } from "../../gateway/wire-text.ts";
import type { WireEntry } from "../../protocol/text-entries.ts";
import { hexStart, printable, size, textOf } from "../text/body.ts";
import { added, type DiffLine, headerDiff, lineDiff, unchanged } from "../text/diff.ts";
import type { CallInput } from "./input.ts";
import type { CallOutcome, Failed, Replied } from "./outcome.ts";

export function asText(input: CallInput, outcome: CallOutcome): string {
  const { effect, questions } = outcome;
  const message =
    effect.kind === "forward" ? forwardText(input, effect) : respondText(input, outcome, effect);
  const sections = [
    [outcome.kind === "replied" ? headline(input, outcome) : `failed: ${outcome.message}`],
    message,
    effect.notes.map((note) => `note: ${printable(note)}`),
    questionsText(questions),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** Why it failed, and what that means on a gateway. */
export function failureText({ upstream }: CallInput, { code, during, message }: Failed): string {
  const means =
    "APISIX answers 503, or goes on without the plugins where the route's plugin says allow_degradation";
  switch (code) {
    case undefined:
      return `${message}: ${means}`;
    case "CONF_TOKEN_NOT_FOUND":
      return `the runner does not know the conf it was given (${code}): APISIX prepares all confs again and tries three times, then answers 503`;
    default: {
      const what = during === "prepare" ? "the runner refuses this conf" : "the call failed";
      const body =
        upstream === undefined ? "" : " The client gets the upstream's body all the same.";
      return `${what} (${code}), and its log says why: ${means}.${body}`;
    }
  }
}

function headline({ upstream }: CallInput, { reply, effect }: Replied): string {
  switch (reply.kind) {
    case "continue":
      return "continue: nothing changed";
    case "stop":
      return effect.kind === "respond" ? `stop ${effect.response.status}` : "stop";
    case "rewrite":
      return `rewrite: ${rewritten(reply).join(", ") || "nothing"}`;
    case "response": {
      if (effect.kind !== "respond" || upstream === undefined) return `response ${reply.status}`;
      const lines = responseDiff(upstream, effect.response);
      const isSame = lines.every((line) => line.startsWith(" "));
      return isSame ? "response: nothing changed" : `response ${effect.response.status}: changed`;
    }
  }
}

function rewritten({ path, headers, args, responseHeaders, body }: RewriteReply): string[] {
  return [
    ...(path === undefined ? [] : ["path"]),
    ...named("header", headers),
    ...named("argument", args),
    ...(body === undefined ? [] : ["body"]),
    ...named("response header", responseHeaders),
  ];
}

function named(kind: string, entries: readonly WireEntry[]): string[] {
  const names = [...new Set(entries.map(({ name }) => printable(name)))];
  if (names.length === 0) return [];
  return [`${kind}${names.length > 1 ? "s" : ""} ${names.join(" ")}`];
}

function forwardText({ request }: CallInput, effect: ForwardEffect): string[] {
  const after = effect.request;
  const lines = [
    "request to the upstream",
    lineDiff(`${request.method} ${request.target}`, `${after.method} ${after.target}`),
    ...headerDiff(request.headers, after.headers),
    ...bodyDiff(request.body, after.body),
  ];
  if (effect.responseHeaders.length === 0) return lines;
  return [...lines, "", "response to the client, whatever it is", ...added(effect.responseHeaders)];
}

function respondText(
  { upstream }: CallInput,
  { kind }: CallOutcome,
  { response, errorPage }: RespondEffect,
): string[] {
  const lines =
    upstream === undefined || kind === "failed"
      ? [
          `  ${response.status}`,
          ...unchanged(response.headers),
          ...bodyDiff(undefined, response.body, " "),
        ]
      : responseDiff(upstream, response);
  return [
    "response to the client",
    ...lines,
    ...(errorPage ? ["  body: the error page of APISIX"] : []),
  ];
}

function responseDiff(upstream: HttpResponse, response: HttpResponse): DiffLine[] {
  return [
    lineDiff(String(upstream.status), String(response.status)),
    ...headerDiff(withoutFraming(upstream), withoutFraming(response)),
    ...bodyDiff(upstream.body, response.body),
  ];
}

/** nginx frames the body anew, whatever the upstream said of it. */
function withoutFraming({ headers }: HttpResponse): HttpResponse["headers"] {
  const framing = ["content-length", "transfer-encoding", "connection"];
  return headers.filter((line) => !framing.some((name) => isNamed(line, name)));
}

function bodyDiff(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  newMark: "+" | " " = "+",
): DiffLine[] {
  if (!after?.length) return [];
  const isSame = before !== undefined && Buffer.from(before).equals(after);
  const mark = isSame ? " " : before?.length ? "~" : newMark;
  const was = mark === "~" && before ? `  (was ${size(before)})` : "";
  const text = textOf(after);
  if (text === undefined) return [`${mark} body: ${size(after)}, binary: ${hexStart(after)}${was}`];
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  return [`${mark} body: ${size(after)}${was}`, ...lines.map((line): DiffLine => `  | ${line}`)];
}

function questionsText(questions: readonly AskedQuestion[]): string[] {
  if (questions.length === 0) return [];
  const lines = questions.map(({ question, answer }) => {
    const name =
      question.kind === "var" ? printable(question.name) : question.kind.replace("-", " ");
    if (answer === undefined) {
      return question.kind === "var"
        ? `  ${name}: not set (--var ${name}=… sets it)`
        : `  ${name}: none`;
    }
    const text = textOf(answer);
    return text === undefined
      ? `  ${name}: ${size(answer)}, binary: ${hexStart(answer)}`
      : `  ${name}: ${JSON.stringify(text)}`;
  });
  return ["asked for on the way", ...lines];
}
