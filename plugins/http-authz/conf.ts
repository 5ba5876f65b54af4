/** What a conf of `http-authz` may say. */
import * as v from "valibot";
import { headerName } from "../lib/header-name.ts";
import { secretText } from "../lib/secret-text.ts";
import { isPointer } from "./json-pointer.ts";

const HeaderName = v.pipe(headerName, v.toLowerCase());

/** Bytes; what APISIX can hand over ends at 16 MiB − 1. */
const BodySize = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 24 - 1));

const VarName = v.pipe(v.string(), v.regex(/^\w+$/, "expected the name of a variable"));

/** A part of the request by which decisions are told apart. */
const KeyPart = v.pipe(
  v.string(),
  v.regex(
    /^(method|path|query|ip|body|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|var:\w+)$/,
    "expected method, path, query, ip, body, header:NAME or var:NAME",
  ),
);

const Cache = v.strictObject({
  /** Seconds. */
  ttl: v.pipe(v.number(), v.gtValue(0), v.maxValue(86_400)),
  /** Default: all that the service is sent. */
  key: v.optional(v.pipe(v.array(KeyPart), v.minLength(1))),
  /** How many decisions are kept. */
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)), 1000),
});

export const Conf = v.pipe(
  v.strictObject({
    /** How the service is asked: by the headers of a request, by a JSON document, or by one as OPA has it. */
    mode: v.picklist(["headers", "json", "opa"]),
    url: v.pipe(
      v.string(),
      v.check(isServiceUrl, "expected a URL of http or https, without a user and a fragment"),
    ),
    /** A Unix socket to connect to; the URL then says host and path. */
    socket: v.optional(v.pipe(v.string(), v.startsWith("/", "expected an absolute path"))),
    /** Of the question in headers; default GET. */
    method: v.optional(v.picklist(["GET", "POST"])),
    /** Sent to the service as `Authorization: Bearer …`. */
    token: v.optional(
      v.pipe(
        secretText,
        v.check((token) => /^[\x21-\x7e]*$/.test(token.reveal()), "expected visible ASCII"),
      ),
    ),
    /** Headers of the request that the service is sent. */
    headers: v.optional(
      v.union([v.literal("all"), v.array(HeaderName)], 'expected "all" or a list of headers'),
      [],
    ),
    /** Send the body, up to so many bytes; a longer one is refused. APISIX hands over up to 16 MiB − 1. */
    body: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 24 - 1))),
    /** Variables of nginx and APISIX that the service is sent. */
    vars: v.optional(
      v.array(v.pipe(v.string(), v.regex(/^\w+$/, "expected the name of a variable"))),
      [],
    ),
    /** Where in the JSON of an answer `true` allows. */
    allow: v.optional(
      v.pipe(v.string(), v.check(isPointer, "expected a JSON pointer, such as /result/allow")),
    ),
    /** Headers that the service may set for the upstream; the client's own are removed. */
    upstreamHeaders: v.optional(v.array(HeaderName), []),
    /** Headers that the service may set for a client that is refused. */
    clientHeaders: v.optional(
      v.array(
        v.pipe(
          HeaderName,
          v.check((name) => name !== "content-type", "it comes with the body, without being named"),
        ),
      ),
      [],
    ),
    /** Seconds for the whole answer. */
    timeout: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(30)), 1),
    /** Bytes that an answer may have. */
    maxAnswer: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 20)),
      65_536,
    ),
    /** What becomes of a request that nobody decides about. */
    onError: v.optional(v.picklist(["deny", "allow"]), "deny"),
    cache: v.optional(Cache),
  }),
  v.forward(
    v.check(
      ({ mode, method }) => mode === "headers" || method === undefined,
      "a question in JSON is always a POST",
    ),
    ["method"],
  ),
  v.forward(
    v.check(
      ({ mode, method, body }) => mode !== "headers" || method === "POST" || body === undefined,
      "a body needs the method POST",
    ),
    ["body"],
  ),
  v.forward(
    v.check(
      ({ mode, token, headers }) =>
        mode !== "headers" ||
        token === undefined ||
        (headers !== "all" && !headers.includes("authorization")),
      "it would take the place of the client's authorization, which headers sends",
    ),
    ["token"],
  ),
  v.forward(
    v.check(
      ({ mode, allow }) => mode !== "headers" || allow === undefined,
      "with the mode headers the status decides",
    ),
    ["allow"],
  ),
  v.forward(
    v.check(
      ({ cache, body }) => body !== undefined || !cache?.key?.includes("body"),
      "body stands in its key, and is not sent",
    ),
    ["cache"],
  ),
  v.forward(
    v.check(
      ({ cache, clientHeaders }) => cache === undefined || !clientHeaders.includes("set-cookie"),
      "a kept decision would give one client's cookies to another: clientHeaders has set-cookie",
    ),
    ["cache"],
  ),
);

export type AuthzConf = v.InferOutput<typeof Conf>;

function isServiceUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    (url?.protocol === "http:" || url?.protocol === "https:") &&
    url.username === "" &&
    url.password === "" &&
    url.hash === ""
  );
}
