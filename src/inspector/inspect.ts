/** Makes what the inspector knows of a request: from what the gateway tells, and what the runner traced. */
import type { AskedQuestion } from "../gateway/answers.ts";
import type { RequestReply, ResponseReply } from "../gateway/decode-replies.ts";
import type { PhaseEvent, RequestEvent, UpstreamEvent } from "../gateway/events.ts";
import { valuesOf } from "../gateway/wire-text.ts";
import { formatIp } from "../http/ip.ts";
import { withoutVersion } from "../plugin/conf-key.ts";
import { decodeText } from "../protocol/text-entries.ts";
import { bodyView, optionalBody } from "./body-view.ts";
import { decodedView } from "./decoded-view.ts";
import { fieldsOf } from "./fields.ts";
import type {
  AskedView,
  CallView,
  Inspected,
  InspectedPhase,
  InspectedUpstream,
  ReplyView,
} from "./model.ts";
import type { TraceBoard } from "./trace-board.ts";
import { withLine, withRun } from "./with-traces.ts";

export async function inspect(event: RequestEvent, board: TraceBoard): Promise<Inspected> {
  const { began } = event;
  const responseHeaders = fieldsOf(event.responseHeaders);
  return {
    id: event.id,
    began,
    duration: event.duration,
    client: event.client,
    method: event.method,
    target: event.target,
    headers: fieldsOf(event.clientHeaders),
    ...(event.clientBody === undefined && hasBody(event)
      ? { bodyUnread: true as const }
      : optionalBody(event.clientBody)),
    ...(event.route !== undefined && { route: event.route }),
    status: event.status,
    responseHeaders,
    responseBody: await decodedView(
      bodyView(event.responseBody, event.responseLength),
      responseHeaders,
    ),
    phases: await Promise.all(event.phases.map((phase) => inspectPhase(phase, began, board))),
    ...(event.upstream && { upstream: upstreamView(event.upstream) }),
    ...(event.error !== undefined && { error: event.error }),
  };
}

function hasBody({ clientHeaders }: RequestEvent): boolean {
  const [length = "0"] = valuesOf(clientHeaders, "content-length");
  return length !== "0" || valuesOf(clientHeaders, "transfer-encoding").length > 0;
}

async function inspectPhase(
  event: PhaseEvent,
  began: number,
  board: TraceBoard,
): Promise<InspectedPhase> {
  const { body } = optionalBody(event.before.body);
  const headers = fieldsOf(event.before.headers);
  const plain: InspectedPhase = {
    kind: event.kind,
    extPlugin: event.extPlugin,
    at: event.at,
    duration: event.duration,
    conf: event.conf ?? [],
    ...(body && { body: await decodedView(body, headers) }),
    sent: callView(event),
    asked: event.questions.map(askedView),
    ...(event.reply && { reply: replyView(event.reply) }),
    ...(event.error !== undefined && { error: event.error }),
    degraded: event.degraded,
    tries: event.tries,
    notes: event.notes,
    plugins: (event.conf ?? []).map(({ name, value }) => ({ name, conf: value })),
    log: [],
  };
  const { runs, log } = board.take(event.call);
  const traced = runs.reduce((phase, run) => withRun(phase, run, began), plain);
  const lines = [...log, ...board.linesOf(withoutVersion(event.key), began + event.at)];
  return lines.reduce((phase, line) => withLine(phase, line, began), traced);
}

function upstreamView({ request, headers, ...upstream }: UpstreamEvent): InspectedUpstream {
  const { node, at, duration, status } = upstream;
  return {
    node,
    at,
    duration,
    method: request.method,
    target: request.target,
    headers: fieldsOf(request.headers),
    ...(status !== undefined && { status }),
    ...(headers && { responseHeaders: fieldsOf(headers) }),
  };
}

function callView(event: PhaseEvent): CallView {
  if (event.kind === "response") {
    const { status, headers = [] } = event.sent;
    return { kind: "response", status, headers: fieldsOf(headers) };
  }
  const { method, path, args = [], headers = [], sourceIp } = event.sent;
  return {
    kind: "request",
    method,
    path: decodeText(path),
    args: fieldsOf(args),
    headers: fieldsOf(headers),
    ip: sourceIp === undefined ? "127.0.0.1" : formatIp(sourceIp),
  };
}

export function askedView({ question, answer }: AskedQuestion): AskedView {
  const name = question.kind === "var" ? question.name : "";
  return { kind: question.kind, name, answer: answer === undefined ? null : bodyView(answer) };
}

export function replyView(reply: RequestReply | ResponseReply): ReplyView {
  switch (reply.kind) {
    case "continue":
      return { kind: "continue" };
    case "rewrite": {
      const { path, args, headers, responseHeaders, body } = reply;
      return {
        kind: "rewrite",
        ...(path !== undefined && { path: decodeText(path) }),
        args: fieldsOf(args),
        headers: fieldsOf(headers),
        responseHeaders: fieldsOf(responseHeaders),
        ...optionalBody(body),
      };
    }
    case "stop":
    case "response": {
      const { kind, status, headers, body } = reply;
      return { kind, status, headers: fieldsOf(headers), ...optionalBody(body) };
    }
  }
}
