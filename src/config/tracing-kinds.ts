/** What `tracing.endpoint` and `tracing.sample` have to be. */
import { type Kind, Refused } from "./parse.ts";

/** A collector's URL for traces over OTLP/HTTP. */
export const tracesUrl: Kind<string> = {
  allowed:
    "the http:// or https:// URL of an OTLP/HTTP collector such as http://127.0.0.1:4318, to which /v1/traces is added where it has no path",
  parse(given) {
    const url = typeof given === "string" ? URL.parse(given) : null;
    if (url === null || !/^https?:$/.test(url.protocol)) return new Refused();
    if (url.username !== "" || url.password !== "") {
      return new Refused("it holds a password; give it as OTEL_EXPORTER_OTLP_HEADERS instead");
    }
    if (url.pathname === "/") url.pathname = "/v1/traces";
    return url.href;
  },
};

/** A share of a whole. */
export const ratio: Kind<number> = {
  allowed: "a number from 0 to 1 such as 0.1",
  parse(given) {
    const number = typeof given === "string" && /^\d*\.?\d+$/.test(given) ? Number(given) : given;
    return typeof number === "number" && number >= 0 && number <= 1 ? number : new Refused();
  },
};
