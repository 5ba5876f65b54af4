/** The headers of a request on its way to the upstream. */
import { without } from "./http1/message.ts";
import type { HeaderLine } from "./http-message.ts";
import type { PassingRequest } from "./passing-request.ts";
import type { Upstream, UpstreamNode } from "./routes/route.ts";
import { fromLatin1, latin1Of, valuesOf } from "./wire-text.ts";

/** What nginx writes itself, or keeps to itself. */
const REPLACED = [
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "te",
  "keep-alive",
  "expect",
  "upgrade",
  "x-real-ip",
  "x-forwarded-for",
];

/**
 * As nginx's proxy writes them.
 *
 * @param bodyLength `undefined`: the request has no body
 */
export function proxyHeaders(
  { headers, upstreamHost }: PassingRequest,
  remoteAddr: string,
  bodyLength: number | undefined,
): HeaderLine[] {
  const forwardedFor = [...valuesOf(headers, "x-forwarded-for").map(latin1Of), remoteAddr];
  return [
    ...(upstreamHost?.length ? [{ name: "Host", value: upstreamHost }] : []),
    { name: "X-Real-IP", value: remoteAddr },
    { name: "X-Forwarded-For", value: fromLatin1(forwardedFor.join(", ")) },
    ...(bodyLength === undefined ? [] : [{ name: "Content-Length", value: String(bodyLength) }]),
    ...without(headers, ...REPLACED).filter(({ value }) => value.length > 0),
  ];
}

/**
 * As ext-plugin-post-resp writes them: the request's own in lower case, whatever host the upstream asks for.
 *
 * @param bodyLength `undefined`: the request has no body
 */
export function postRespHeaders(
  { headers }: PassingRequest,
  bodyLength: number | undefined,
): HeaderLine[] {
  return [
    ...without(headers, "content-length", "transfer-encoding")
      .slice(0, 100)
      .map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    ...(bodyLength === undefined ? [] : [{ name: "content-length", value: String(bodyLength) }]),
  ];
}

/** The upstream's own word on its host goes over that of the plugins before. */
export function withPassHost(
  request: PassingRequest,
  { passHost, host, scheme }: Upstream,
  node: UpstreamNode,
): PassingRequest {
  if (passHost === "pass") return request;
  if (passHost === "rewrite") return { ...request, upstreamHost: host };
  const name = node.host.includes(":") ? `[${node.host}]` : node.host;
  const isStandard = node.port === (scheme === "https" ? 443 : 80);
  return { ...request, upstreamHost: isStandard ? name : `${name}:${node.port}` };
}
