/** Reads a request's body as its type says, and checks it. */
import type { PluginRequest } from "apisix-bun-runner";
import { checkJson, JsonSyntaxError } from "../lib/json-reader.ts";
import { isJsonType, mediaTypeOf, utf8Of } from "../lib/media-type.ts";
import { type BodyContent, type BodyRule, type Finding, finding } from "./contract.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  readonly maxLevels: number;
}

/** Why a body is not looked into. */
export interface Refusal {
  readonly status: 413 | 415;
  readonly detail: string;
}

/** Up to so many bytes all that is wrong is told, above what is found first. */
const ALL_FINDINGS_BYTES = 2 ** 16;

export async function checkBody(
  request: PluginRequest,
  { required, content }: BodyRule,
  limits: BodyLimits,
): Promise<readonly Finding[] | Refusal> {
  const { headers } = request;
  const tooLarge = { status: 413, detail: `at most ${limits.maxBytes} bytes are taken` } as const;
  if (Number(headers.get("content-length") ?? 0) > limits.maxBytes) return tooLarge;
  const bytes = await request.bytes();
  if (bytes.length === 0) {
    return required ? [finding("body", undefined, "required", "is required")] : [];
  }
  if (bytes.length > limits.maxBytes) return tooLarge;
  if (!/^(?:identity)?$/i.test(headers.get("content-encoding") ?? "")) {
    return { status: 415, detail: "the body must not be encoded" };
  }
  const mediaType = mediaTypeOf(headers.get("content-type"));
  const expected = contentFor(mediaType, content);
  if (expected === undefined) {
    return { status: 415, detail: `the body may be ${[...content.keys()].join(" or ")}` };
  }
  if (expected.check === undefined) return [];
  const read = readBody(bytes, mediaType, expected, limits);
  if (read === undefined) return [];
  if ("findings" in read) return read.findings;
  const all = bytes.length <= ALL_FINDINGS_BYTES;
  return expected.check(read.value, all).map((violation) => ({ ...violation, in: "body" }));
}

/** The media range that says most counts (RFC 9110, 12.5.1). */
function contentFor(mediaType: string, content: BodyRule["content"]): BodyContent | undefined {
  const [type = ""] = mediaType.split("/", 1);
  return (
    content.get(mediaType) ??
    (isJsonType(mediaType) && type !== "" ? content.get(`${type}/*+json`) : undefined) ??
    content.get(`${type}/*`) ??
    content.get("*/*")
  );
}

/** @returns undefined for a type that no schema can look into */
function readBody(
  bytes: Uint8Array,
  mediaType: string,
  { ofForm }: BodyContent,
  { maxLevels }: BodyLimits,
): { readonly value: unknown } | { readonly findings: Finding[] } | undefined {
  const isForm = mediaType === "application/x-www-form-urlencoded";
  const isJson = isJsonType(mediaType);
  if (!isForm && !isJson && !mediaType.startsWith("text/")) return undefined;
  try {
    const text = utf8Of(bytes);
    if (isForm) return { value: ofForm(new URLSearchParams(text)) };
    if (!isJson) return { value: text };
    checkJson(text, maxLevels);
    return { value: JSON.parse(text.replace(/^\ufeff/, "")) };
  } catch (error) {
    const detail =
      error instanceof JsonSyntaxError ? `is no JSON: ${error.message}` : "is no UTF-8";
    return { findings: [finding("body", undefined, "json", detail)] };
  }
}
