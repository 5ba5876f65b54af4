/** A web Response that a plugin returns, as a stop. */
import { ProtocolLimitError, checkStatus } from "./errors.ts";
import { MAX_PAYLOAD_BYTES } from "../protocol/frame.ts";
import { bodyBytes } from "./body.ts";
import { isFraming } from "./header-rules.ts";
import { ResponseHeaders } from "./response-headers.ts";
import { Stop } from "./stop.ts";

/** Gets what ends a piece of work that nobody waits for any more. */
export type OnTurnEnd = (end: (reason: Error) => void) => void;

/**
 * Takes the answer of `Response.json()`, `Response.redirect()`, `new Response()` or `fetch()`.
 * A body that is in memory is taken without waiting; any other is read to its end first. What a server
 * sends to `fetch()` is let go as soon as it fits into no frame, or when the call has ended.
 *
 * @throws ProtocolLimitError for a status APISIX cannot send, or a body that was read before
 */
export function stopFromResponse(response: Response, onTurnEnd: OnTurnEnd): Stop | Promise<Stop> {
  checkStatus(response.status);
  if (response.bodyUsed) {
    throw new ProtocolLimitError(
      "the Response's body has been read already: clone() it first, or return stop() with what you read",
    );
  }
  if (response.body === null) return toStop(response, new Uint8Array(0));
  // Of a Response that the plugin made itself nobody can tell whether its body is a stream.
  if (response.url !== "") {
    return readFetched(response.body, onTurnEnd).then((read) => toStop(response, read));
  }
  const bytes = Bun.peek(response.bytes());
  return bytes instanceof Promise
    ? bytes.then((read) => toStop(response, read))
    : toStop(response, bytes);
}

async function readFetched(
  body: ReadableStream<Uint8Array>,
  onTurnEnd: OnTurnEnd,
): Promise<Uint8Array> {
  const reader = body.getReader();
  onTurnEnd((reason) => void reader.cancel(reason).catch(() => undefined));
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    chunks.push(value);
    size += value.length;
    if (size > MAX_PAYLOAD_BYTES) {
      void reader.cancel().catch(() => undefined);
      throw new ProtocolLimitError(
        `the fetched body has more than the ${MAX_PAYLOAD_BYTES} bytes that a frame carries`,
      );
    }
  }
}

function toStop(response: Response, body: Uint8Array): Stop {
  const headers = new ResponseHeaders();
  for (const [name, value] of response.headers) {
    if (isFraming(name)) continue;
    if (name === "content-encoding" && !isStillEncoded(value, body, response.url !== "")) continue;
    headers.append(name, value);
  }
  return new Stop(response.status, headers, body.length === 0 ? undefined : bodyBytes(body));
}

/**
 * `fetch()` decodes a body and leaves content-encoding standing, and people build a Response from
 * a fetched one's headers. gzip and zstd can be seen in the bytes; for the others it counts
 * whether the response was fetched.
 */
function isStillEncoded(coding: string, body: Uint8Array, fetched: boolean): boolean {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return body[0] === 0x1f && body[1] === 0x8b;
    case "zstd":
      return body[0] === 0x28 && body[1] === 0xb5 && body[2] === 0x2f && body[3] === 0xfd;
    default:
      return !fetched;
  }
}
