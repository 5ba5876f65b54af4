/** What an item of `logging.redact` has to be: the name of a header. */
import { type Kind, Refused } from "./parse.ts";

export const headerName: Kind<string> = {
  allowed: "the name of a header or of a field such as x-session-token",
  parse: (given) =>
    // The characters of a token, of which RFC 9110 makes names.
    typeof given === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(given) ? given : new Refused(),
};
