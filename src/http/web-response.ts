/** A web Response that a plugin returns, as a stop. */
import { ProtocolLimitError, checkStatus } from "./errors.ts";
import { bodyBytes } from "./body.ts";
import { isFraming } from "./header-rules.ts";
import { ResponseHeaders } from "./response-headers.ts";
import { Stop } from "./stop.ts";

/**
 * Takes the answer of `Response.json()`, `Response.redirect()`, `new Response()` or `fetch()`.
 * A body that is in memory is taken without waiting; any other is read to its end first.
 *
 * @throws ProtocolLimitError for a status APISIX cannot send, or a body that was read before
 */
export function stopFromResponse(response: Response): Stop | Promise<Stop> {
  checkStatus(response.status);
  if (response.bodyUsed) {
    throw new ProtocolLimitError(
      "the Response's body has been read already: clone() it first, or return stop() with what you read",
    );
  }
  if (response.body === null) return toStop(response, new Uint8Array(0));
  const bytes = Bun.peek(response.bytes());
  return bytes instanceof Promise
    ? bytes.then((read) => toStop(response, read))
    : toStop(response, bytes);
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
