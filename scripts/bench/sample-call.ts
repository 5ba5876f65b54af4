/** One call of a load, and all that a server answers to it: what a load client does not look at. */
import { connectRunner } from "../../src/gateway/client.ts";
import type { RequestReply, ResponseReply } from "../../src/gateway/decode-replies.ts";
import { decodeText, type WireEntry } from "../../src/protocol/text-entries.ts";
import { bodyOf, confKey, requestOf, responseOf, VARIABLE } from "./client/frames.ts";
import { whenReady } from "./client/when-ready.ts";
import { BODY_SIZE, HEADERS, KEY, type Load, type Target } from "./load.ts";

/** A reply as text; names of headers in lower case, null for what is deleted. */
export interface Answer {
  readonly kind: "continue" | "rewrite" | "stop" | "response";
  /** Of a `stop` or `response`; 0: the upstream's. */
  readonly status?: number;
  readonly path?: string;
  readonly headers: Fields;
  readonly args: Fields;
  readonly responseHeaders: Fields;
  readonly body?: string;
}

type Fields = Readonly<Record<string, string | null>>;

const REPLY_TIMEOUT_MS = 10_000;

/** @throws RunnerError where the call fails, RunnerConnectionError where no answer comes */
export async function sampleCall({ socket }: Target, load: Load): Promise<Answer> {
  const client = await whenReady(() => connectRunner(socket, { replyTimeout: REPLY_TIMEOUT_MS }));
  try {
    const conf = (load.conf ?? []).map(([name, value]) => ({ name, value }));
    const confToken = await client.prepareConf(confKey(KEY, load.mode, 0), conf);
    const { headers = HEADERS, bodySize = BODY_SIZE, bodyFile } = load;
    const given = Object.entries(load.givenHeaders ?? {});
    const message = { headers, givenHeaders: given.map(([name, value]) => ({ name, value })) };
    const body = bodyOf({ bodySize, bodyFile });
    const { reply } =
      load.mode === "resp"
        ? await client.httpRespCall({ ...responseOf(message), confToken }, () => body)
        : await client.httpReqCall({ ...requestOf(message), confToken }, ({ kind }) =>
            kind === "var" ? VARIABLE : body,
          );
    return answerOf(reply);
  } finally {
    client.close();
  }
}

function answerOf(reply: RequestReply | ResponseReply): Answer {
  return {
    kind: reply.kind,
    ...("status" in reply && { status: reply.status }),
    ...("path" in reply && reply.path !== undefined && { path: decodeText(reply.path) }),
    headers: fields("headers" in reply ? reply.headers : []),
    args: fields("args" in reply ? reply.args : []),
    responseHeaders: fields("responseHeaders" in reply ? reply.responseHeaders : []),
    ...("body" in reply && reply.body !== undefined && { body: decodeText(reply.body) }),
  };
}

function fields(entries: readonly WireEntry[]): Fields {
  return Object.fromEntries(
    entries.map(({ name, value }) => [
      decodeText(name).toLowerCase(),
      value === undefined ? null : decodeText(value),
    ]),
  );
}
