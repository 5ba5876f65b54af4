/**
 * Bodies that no client sees. APISIX takes an empty body for none, and a reply without one makes it go another way: nginx's
 * error page in the request phase, and in the response phase a second request to the upstream.
 */

/** nginx sends no body with these, whatever it is given. */
export function hasNoContent(status: number): boolean {
  return status === 204 || status === 304;
}

/** The least that a body can be. */
export const UNSEEN_BODY = "\n";
