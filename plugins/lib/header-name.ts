/** The conf field for a request header that a plugin sets. */
import * as v from "valibot";

/** `host` has a field of its own where it can be set; the others are the gateway's. */
const NOT_OURS = new Set(["host", "content-length", "transfer-encoding", "connection"]);

export const headerName = v.pipe(
  v.string(),
  v.regex(
    /^[\w!#$%&'*+.^`|~-]+$/,
    ({ received }) =>
      `${received} is no header name; allowed: letters, digits and !#$%&'*+-.^_\`|~`,
  ),
  v.check(
    (name) => !NOT_OURS.has(name.toLowerCase()),
    ({ received }) => `${received} cannot be set here: the gateway needs it as it is`,
  ),
);
