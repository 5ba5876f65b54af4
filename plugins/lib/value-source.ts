/** Where in a request a value comes from, as confs of several plugins name it: `header:x-tenant`, `ip` … */
import type { RequestContext } from "apisix-bun-runner";
import * as v from "valibot";

/** One of these words, or a kind with a name after the colon; `path:1` is the first segment of the path. */
const SOURCE =
  /^(?:ip|consumer|header:[\w!#$%&'*+.^`|~-]+|(?:cookie|arg|var):.+|path:[1-9][0-9]?)$/;

/** The conf field: a string such as `header:x-tenant`. */
export const valueSource = v.pipe(
  v.string(),
  v.regex(
    SOURCE,
    ({ received }) =>
      `${received} names no part of a request; allowed: ip, consumer, header:NAME, cookie:NAME, arg:NAME, var:NAME, path:NUMBER`,
  ),
);

/**
 * Reads it. What a header, cookie, argument, path or address holds costs no round trip; a variable or the consumer is asked
 * for, and then a promise comes back.
 *
 * @param source as {@link valueSource} has checked it
 * @returns undefined where the request has none, or an empty one
 */
export function valueOf(
  source: string,
  { request, vars }: Pick<RequestContext, "request" | "vars">,
): string | undefined | Promise<string | undefined> {
  const colon = source.indexOf(":");
  const kind = colon === -1 ? source : source.slice(0, colon);
  const name = source.slice(colon + 1);
  switch (kind) {
    case "ip":
      return request.ip;
    case "header":
      return request.headers.get(name) || undefined;
    case "cookie":
      return cookieOf(request.headers.get("cookie"), name);
    case "arg":
      return request.args.get(name) || undefined;
    case "path":
      return request.path.split("/")[Number(name)] || undefined;
    default:
      return vars.get(kind === "consumer" ? "consumer_name" : name).then(orNone);
  }
}

function orNone(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** The first cookie of this name, as it was sent. */
export function cookieOf(header: string | null, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).trim() === name) {
      return pair.slice(equals + 1).trim() || undefined;
    }
  }
  return undefined;
}
