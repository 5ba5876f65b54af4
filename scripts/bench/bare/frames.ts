/** The floor's frames, made once. */
import {
  confTokenFrame,
  questionFrame,
  responseFrame,
  rewriteFrame,
  stopFrame,
  unchangedFrame,
} from "../../../src/protocol/replies.ts";

/** What one kind of floor answers with. */
export interface ConstantFrames {
  readonly prepared: Uint8Array;
  /** Sent first, where the kind asks. */
  readonly question: Uint8Array | undefined;
  readonly reply: Uint8Array;
}

/**
 * @param bytes of the body, for the kinds with one of any size
 * @throws Error for a kind that there is not
 */
export function constantFrames(kind: string, bytes: number): ConstantFrames {
  const prepared = new Uint8Array(confTokenFrame(1));
  const isResponse = kind.startsWith("resp");
  const asks = isResponse || kind === "body" || kind === "bytes";
  const question = asks
    ? questionFrame({ kind: isResponse ? "response-body" : "request-body" })
    : undefined;
  return { prepared, question, reply: new Uint8Array(replyOf(kind, bytes)) };
}

function replyOf(kind: string, bytes: number): Uint8Array {
  switch (kind) {
    case "stop": {
      const headers = [{ name: "X-Resp-A6-Runner", value: "floor" }];
      return stopFrame(1, { status: 200, headers, body: Buffer.from("hello") });
    }
    case "rewrite":
      return rewriteFrame(1, { headers: [{ name: "X-A6-Runner", value: "floor" }], ...NOTHING });
    case "none":
    case "body":
      return unchangedFrame(1);
    case "bytes":
      return rewriteFrame(1, { headers: [], ...NOTHING, body: Buffer.alloc(bytes, "B") });
    case "resp":
      return responseFrame(1, { status: 0, headers: RESPONSE, body: Buffer.alloc(64, "B") });
    case "resp-bytes":
      return responseFrame(1, { status: 0, headers: RESPONSE, body: Buffer.alloc(bytes, "B") });
    default:
      throw new Error(`there is no floor that answers ${JSON.stringify(kind)}`);
  }
}

const NOTHING = { args: [], responseHeaders: [] };

/** As many as the runner sends back when a plugin has changed the body and added a header. */
const RESPONSE = [
  { name: "content-type", value: "application/json" },
  { name: "server", value: "nginx" },
  { name: "date", value: "Sun, 22 Nov 2026 07:00:00 GMT" },
  { name: "cache-control", value: "max-age=60" },
  { name: "vary", value: "accept-encoding" },
  { name: "x-upstream", value: "u1" },
  { name: "x-a6-runner", value: "floor" },
];
