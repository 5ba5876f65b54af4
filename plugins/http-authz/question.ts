/** What the service is asked about a request. */
import { HttpError, type PluginRequest, type RequestContext } from "apisix-bun-runner";
import { utf8Of } from "../lib/media-type.ts";
import type { AuthzConf } from "./conf.ts";
import { keyOf, type Told, varsInKey } from "./question-key.ts";
import { byteText } from "./byte-text.ts";

export interface Question {
  readonly method: "GET" | "POST";
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Equal for requests that are decided about alike. */
  readonly key: string;
}

/** RFC 9110, section 7.6.1, what frames the message, and what asks for it. */
const HOP_BY_HOP = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @throws HttpError 413 for a body longer than the conf lets it send */
export async function questionAbout(context: RequestContext<AuthzConf>): Promise<Question> {
  const { config } = context;
  const told = await ask(context);
  const question = config.mode === "headers" ? inHeaders(context, told) : inJson(context, told);
  const { token } = config;
  const authorization: [string, string][] = token
    ? [["authorization", `Bearer ${token.reveal()}`]]
    : [];
  const key = keyOf(context, told, question);
  return { ...question, headers: [...question.headers, ...authorization], key };
}

/** Nothing where the conf needs nothing of it, else all in one round trip. */
async function ask({ request, vars, config }: RequestContext<AuthzConf>): Promise<Told> {
  const { body: limit, mode } = config;
  checkLength(Number(request.headers.get("content-length") ?? 0), limit);
  const names = new Set([
    ...config.vars,
    ...varsInKey(config),
    ...(mode === "headers" ? ["scheme", "host"] : []),
  ]);
  const [body, ...values] = await Promise.all([
    limit === undefined ? undefined : request.bytes(),
    ...Array.from(names, async (name) => [name, await vars.get(name)] as const),
  ]);
  checkLength(body?.length ?? 0, limit);
  return { vars: new Map(values), body };
}

function checkLength(length: number, limit = Number.POSITIVE_INFINITY): void {
  if (length > limit) throw new HttpError(413, "the body is too long");
}

/** As forward-auth does: a request without a body of its own, or with the client's. */
function inHeaders({ request, config }: RequestContext<AuthzConf>, { vars, body }: Told) {
  const told: [string, string][] = [
    ...sentHeaders(request, config).filter(([name]) => name !== "host"),
    ["x-forwarded-method", request.method],
    ["x-forwarded-proto", vars.get("scheme") ?? ""],
    ["x-forwarded-host", vars.get("host") ?? ""],
    ["x-forwarded-uri", uriOf(request)],
    ["x-forwarded-for", request.ip],
    ...config.vars.map((name): [string, string] => [
      `x-var-${name.replaceAll("_", "-")}`,
      vars.get(name) ?? "",
    ]),
  ];
  // What the client sent under one of these names is not what the gateway says.
  const headers = new Map(told.map(([name, value]) => [name, byteText(value)]));
  const { method = "GET" } = config;
  return { method, headers: [...headers], ...(body?.length && { body: new Uint8Array(body) }) };
}

/** In the words of APISIX's own plugin `opa`, so that its policies do here as well. */
function inJson({ request, route, config }: RequestContext<AuthzConf>, { vars, body }: Told) {
  const query = new Map<string, string | string[]>();
  for (const name of new Set(request.args.keys())) {
    const [first = "", ...others] = request.args.getAll(name);
    query.set(name, others.length === 0 ? first : [first, ...others]);
  }
  const input = {
    type: "http",
    request: {
      method: request.method,
      path: request.path,
      query: Object.fromEntries(query),
      headers: Object.fromEntries(sentHeaders(request, config)),
      ip: request.ip,
      ...(body && bodyFields(body)),
    },
    var: Object.fromEntries(config.vars.map((name) => [name, vars.get(name)])),
    route: route.id,
    service: route.service,
    consumer: route.consumer,
  };
  return {
    method: "POST" as const,
    headers: [["content-type", "application/json"] as const],
    body: JSON.stringify(config.mode === "opa" ? { input } : input),
  };
}

function sentHeaders(request: PluginRequest, { headers }: AuthzConf): [string, string][] {
  if (headers === "all") return [...request.headers].filter(([name]) => !HOP_BY_HOP.has(name));
  return headers.flatMap((name): [string, string][] => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
}

/** As text, or what is no UTF-8 in base64. */
function bodyFields(body: Uint8Array): { body: string } | { bodyBase64: string } {
  try {
    return { body: utf8Of(body) };
  } catch {
    return { bodyBase64: body.toBase64() };
  }
}

/** Path and arguments as the upstream will get them, percent-encoded. */
function uriOf({ path, args }: PluginRequest): string {
  const query = args.toString();
  const encoded = encodeURI(path.toWellFormed()).replace(/[?#]/g, encodeURIComponent);
  return query === "" ? encoded : `${encoded}?${query}`;
}
