/** Holds requests to JSON Schemas or to an OpenAPI document. */
import { definePlugin, type PluginRequest } from "apisix-bun-runner";
import { checkBody } from "./check-body.ts";
import { Conf, type Config } from "./conf.ts";
import type { Found } from "./contract.ts";
import { answerWith, type Problem, problemOf } from "./problem.ts";

/**
 * Requests that are not valid are answered with problem details (RFC 9457).
 *
 * @example conf
 * ```json
 * {
 *   "name": "request-validate",
 *   "value": "{\"schemas\":{\"args\":{\"properties\":{\"limit\":{\"type\":\"integer\"}}}}}"
 * }
 * ```
 */
export default definePlugin({
  name: "request-validate",
  description: "Refuses requests that do not follow JSON Schemas or an OpenAPI 3.1 document.",
  config: Conf,
  samples: [
    {
      config: { schemas: { args: { properties: { limit: { type: "integer", maximum: 100 } } } } },
      request: "/?limit=50",
      expect: { action: "continue" },
    },
    {
      config: { schemas: { args: { properties: { limit: { type: "integer", maximum: 100 } } } } },
      request: "/?limit=many",
      expect: { status: 400, headers: { "content-type": "application/problem+json" } },
    },
    {
      config: { schemas: { body: { type: "strong" } } },
      expect: { configError: "schemas.body.type: " },
    },
  ],
  async request({ request, config, log }) {
    const problem = await problemWith(request, config);
    if (problem === undefined) return;
    const instance = `urn:uuid:${crypto.randomUUID()}`;
    const fields = { instance, status: problem.status, errors: placesOf(problem) };
    if (config.onInvalid === "log") {
      log.warn("a request that is not valid goes on", fields);
      return;
    }
    log.info("a request is refused", fields);
    return answerWith(problem, instance, config);
  },
});

async function problemWith(request: PluginRequest, config: Config): Promise<Problem | undefined> {
  const found = config.contract.find(request.method, request.path);
  if (found.operation === undefined) return unknownProblem(found, config);
  const { operation, path } = found;
  const findings = operation.parts.flatMap((check) => check(request, path));
  if (operation.body !== undefined) {
    const checked = await checkBody(request, operation.body, config);
    if ("status" in checked) return checked;
    findings.push(...checked);
  }
  return findings.length === 0 ? undefined : problemOf(findings, config.status);
}

function unknownProblem(
  { allowed }: Extract<Found, { operation: undefined }>,
  { onUnknown }: Config,
): Problem | undefined {
  if (onUnknown === "pass") return undefined;
  if (allowed.length === 0) return { status: 404, detail: "there is no such path" };
  const headers = { allow: allowed.join(", ") };
  return { status: 405, detail: "there is no such method for this path", headers };
}

/** For the log: where and which rule, nothing of what the client sent. */
function placesOf({ findings = [] }: Problem): string[] {
  return findings.slice(0, 5).map((one) => `${one.in} ${one.keyword}`);
}
