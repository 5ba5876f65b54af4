/** Masks fields, card numbers and e-mail addresses in responses. */
import { definePlugin, stop, type UpstreamResponse } from "apisix-bun-runner";
import { isJsonType, mediaTypeOf, utf8Of } from "../lib/media-type.ts";
import { type MaskingByAudience, maskingFor } from "./audience.ts";
import { Conf } from "./conf.ts";
import { maskJson, maskText } from "./mask-json.ts";
import { maskOf } from "./mask.ts";

/**
 * Whatever cannot be masked is refused with 503: a body that is no JSON, is too large, or is of another type.
 *
 * @example conf
 * ```json
 * {
 *   "name": "response-mask",
 *   "value": "{\"rules\":[{\"paths\":[\"$..iban\"],\"mask\":\"last4\",\"unless\":[{\"var\":\"consumer_name\",\"in\":[\"audit\"]}]}]}"
 * }
 * ```
 */
export default definePlugin({
  name: "response-mask",
  description: "Masks or drops fields of JSON responses, and card numbers and e-mail addresses.",
  config: Conf,
  samples: [
    {
      config: { rules: [{ paths: ["$.iban"], mask: "last4" }] },
      response: {
        headers: { "content-type": "application/json" },
        body: '{"id":1,"iban":"DE02120300000000202051"}',
      },
      expect: { body: '{"id":1,"iban":"****2051"}' },
    },
    {
      config: { patterns: [{ find: "email" }] },
      response: { headers: { "content-type": "text/html" }, body: "jane@example.com" },
      expect: { status: 503 },
    },
    { config: { rules: [{ paths: ["iban"] }] }, expect: { configError: "is no path" } },
  ],
  setup: ({ rules, patterns, secret }): MaskingByAudience => ({
    rules: rules.map(({ mask, value, ...rule }) => ({
      ...rule,
      mask: maskOf(mask, value, secret),
    })),
    patterns: patterns.flatMap(({ mask: name, value, ...pattern }) => {
      const mask = maskOf(name, value, secret);
      return mask === undefined ? [] : [{ ...pattern, mask }];
    }),
  }),
  async response({ response, config, state, vars, log }) {
    const masking = await maskingFor(state, vars);
    if (masking.rules.length + masking.patterns.length === 0) return;
    if ((await response.rawBytes()).length === 0) return;

    const contentType = response.headers.get("content-type") ?? "";
    const mediaType = mediaTypeOf(contentType);
    const isText = config.text && mediaType.startsWith("text/") && !isStream(mediaType);
    if (!isJsonType(mediaType) && !isText) {
      if (config.onOtherType === "pass") return;
      log.warn("a response is refused: it is not of a type that can be masked", { mediaType });
      return refusal();
    }
    try {
      const text = await readBody(response, contentType, config.maxBytes);
      const masked = isText
        ? maskText(text, masking.patterns)
        : maskJson(text, masking, config.maxDepth);
      if (masked !== undefined) replaceBody(response, masked);
    } catch (error) {
      if (config.onUnreadable === "pass") return;
      log.warn("a response is refused: it cannot be masked", { error });
      return refusal();
    }
  },
});

/** It never ends as far as its clients are concerned, so nothing in it is waited for. */
function isStream(mediaType: string): boolean {
  return mediaType === "text/event-stream";
}

/** @throws for a body that is not the whole text, or cannot be had as text */
async function readBody(
  response: UpstreamResponse,
  contentType: string,
  limit: number,
): Promise<string> {
  // A part may be JSON of its own, in which no path leads to anything.
  if (response.status === 206) throw new Error("it is a part of a body (206)");
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType) ?? [];
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) throw new Error(`its charset is ${charset}`);
  const bytes = await response.bytes();
  if (bytes.length > limit) {
    throw new Error(`it has ${bytes.length} bytes, more than maxBytes: ${limit}`);
  }
  return utf8Of(bytes);
}

function replaceBody(response: UpstreamResponse, body: string): void {
  response.body = body;
  // They are of the upstream's body (RFC 9530 and before it).
  for (const name of ["content-digest", "repr-digest", "digest"]) response.headers.delete(name);
}

function refusal() {
  return stop('{"error":"this response cannot be shown"}\n', {
    status: 503,
    headers: { "content-type": "application/json" },
  });
}
