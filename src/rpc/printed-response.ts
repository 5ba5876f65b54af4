/** Finds out whether APISIX has a body to print for the client where the reply brings none. */
import type { UpstreamResponse } from "../http/upstream-response.ts";
import type { CallExtraInfo } from "./call-extra-info.ts";

/**
 * A call does not tell the request's method, and a response to HEAD may look like any other. To ask takes a round trip: it
 * is worth one where plugins have changed something, which a HEAD would undo, such as a header that was deleted; and where the
 * upstream said nothing of a body. What plugins have read is known without asking.
 *
 * @returns where APISIX had to be asked
 */
export function findWhetherPrinted(
  response: UpstreamResponse,
  info: CallExtraInfo,
): Promise<void> | undefined {
  const printed = response.printed(info.responseBodyLength);
  if (printed === "something") return undefined;
  const settle = (): void => {
    if (printed === "nothing" || info.requestMethod === "HEAD") response.needBody();
  };
  const isWorthAsking = response.revision > 0 || !response.isFramed;
  if (printed === "nothing" || info.requestMethod !== undefined || !isWorthAsking) {
    settle();
    return undefined;
  }
  // Where no answer comes the connection has gone, or APISIX is too old to give one.
  return info.variable("request_method").then(settle, settle);
}
