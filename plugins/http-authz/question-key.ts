/** By what questions are told apart. */
import type { PluginRequest, RequestContext } from "apisix-bun-runner";
import type { AuthzConf } from "./conf.ts";
import type { Question } from "./question.ts";

/** What APISIX has said of a request. */
export interface Told {
  readonly vars: ReadonlyMap<string, string | undefined>;
  readonly body: Uint8Array | undefined;
}

/** The parts that the conf names, or else all that the service is sent; as a hash, which is short and has no credentials in it. */
export function keyOf(
  { config: { cache }, request }: RequestContext<AuthzConf>,
  told: Told,
  { headers, body }: Pick<Question, "headers" | "body">,
): string {
  if (cache?.key === undefined) return hashOf(JSON.stringify(headers), body);
  return hashOf(JSON.stringify(cache.key.map((part) => partOf(part, request, told))));
}

/** The variables among the parts. */
export function varsInKey({ cache }: AuthzConf): string[] {
  return (cache?.key ?? []).flatMap((part) => (part.startsWith("var:") ? part.slice(4) : []));
}

/** Null for what is not there, which is not the same as empty. */
function partOf(part: string, request: PluginRequest, { vars, body }: Told): string | null {
  const [kind, name = ""] = part.split(":", 2);
  switch (kind) {
    case "method":
      return request.method;
    case "path":
      return request.path;
    case "query":
      return request.args.toString();
    case "ip":
      return request.ip;
    case "body":
      return hashOf("", body);
    case "header":
      return request.headers.get(name);
    default:
      return vars.get(name) ?? null;
  }
}

function hashOf(text: string, body?: string | Uint8Array): string {
  const hasher = new Bun.CryptoHasher("sha256").update(text).update("\n");
  if (body !== undefined) hasher.update(body);
  return hasher.digest("base64url");
}
