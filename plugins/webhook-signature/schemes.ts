/** How each provider signs: where its signatures, timestamp and id stand, and what is signed beside the body. */
import { HttpError, type RequestHeaders } from "apisix-bun-runner";
import type { HmacConf, WebhookConf } from "./conf.ts";
import { decode, type Encoding } from "./encodings.ts";

/** What the headers of a delivery claim. */
export interface Delivery {
  /** ms since 1970; undefined where the provider signs none. */
  readonly timestamp: number | undefined;
  /** What is signed in front of the body, and behind it. */
  readonly before: string;
  readonly after: string;
  /** At least one; any of them may be the right one. */
  readonly signatures: readonly Signature[];
}

export interface Signature {
  readonly kind: "hmac" | "ed25519";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws HttpError 401 where something is missing, 400 where it is not of the form that it should have */
export type Scheme = (headers: RequestHeaders) => Delivery;

export function schemeOf({ provider, hmac }: WebhookConf): Scheme {
  if (hmac !== undefined) return template(hmac);
  switch (provider) {
    case "github":
      return template({ header: "x-hub-signature-256", prefix: "sha256=", encoding: "hex" });
    case "shopify":
      return template({ header: "x-shopify-hmac-sha256", encoding: "base64" });
    case "slack":
      return template({
        header: "x-slack-signature",
        prefix: "v0=",
        encoding: "hex",
        timestampHeader: "x-slack-request-timestamp",
        content: "v0:{timestamp}:{body}",
      });
    case "stripe":
      return stripe;
    default:
      return standard;
  }
}

type Template = Pick<HmacConf, "header" | "encoding"> & Partial<HmacConf>;

/** One signature in one header, over a text with the body in it. */
function template({
  header,
  encoding,
  prefix = "",
  content = "{body}",
  timestampHeader,
  timestampFormat = "seconds",
  idHeader,
}: Template): Scheme {
  const [before = "", after = ""] = content.split("{body}");
  return (headers) => {
    const bytes = signatureBytes(required(headers, header), prefix, encoding);
    const timestamp = timestampHeader && required(headers, timestampHeader);
    const id = idHeader && required(headers, idHeader);
    const filled = (text: string) =>
      text.replace(/\{(?:timestamp|id)\}/g, (name) => (name === "{id}" ? id : timestamp) ?? "");
    return {
      timestamp: timestamp === undefined ? undefined : TIMES[timestampFormat](timestamp),
      before: filled(before),
      after: filled(after),
      signatures: [{ kind: "hmac", bytes }],
    };
  };
}

/** `t=1492774577,v1=5257a8…,v1=…,v0=…`: a signature for each secret that is in use; only those of v1 count. */
function stripe(headers: RequestHeaders): Delivery {
  const pairs = required(headers, "stripe-signature")
    .split(",")
    .map((pair) => pair.trim().split("=", 2));
  const times = pairs.flatMap(([name, value]) => (name === "t" && value ? [value] : []));
  const texts = pairs.flatMap(([name, value]) => (name === "v1" && value ? [value] : []));
  const [time] = times;
  if (time === undefined || times.length > 1) throw malformed("the timestamp");
  if (texts.length === 0) throw new HttpError(401, "there is no signature of version v1");
  return {
    timestamp: TIMES.seconds(time),
    before: `${time}.`,
    after: "",
    signatures: texts.map((text) => ({ kind: "hmac", bytes: signatureBytes(text, "", "hex") })),
  };
}

const VERSIONS: Readonly<Record<string, Signature["kind"]>> = { v1: "hmac", v1a: "ed25519" };

/** Standard Webhooks, and Svix from before it had that name: `v1,K5oZfzN95…= v1a,hnO3f9T8…==`. */
function standard(headers: RequestHeaders): Delivery {
  const family = headers.has("webhook-signature") ? "webhook" : "svix";
  const list = required(headers, `${family}-signature`).split(" ");
  const time = required(headers, `${family}-timestamp`);
  const id = required(headers, `${family}-id`);
  // Another dot would leave open where the id ends, and so what was signed.
  if (!/^[^.,\s]+$/.test(id)) throw malformed("the id");
  const signatures = list.flatMap((item): Signature[] => {
    const [, version = "", text = ""] = /^(\w+),(.+)$/.exec(item) ?? [];
    const kind = Object.hasOwn(VERSIONS, version) ? VERSIONS[version] : undefined;
    return kind === undefined ? [] : [{ kind, bytes: signatureBytes(text, "", "base64") }];
  });
  if (signatures.length === 0) {
    throw new HttpError(401, "there is no signature of version v1 or v1a");
  }
  return { timestamp: TIMES.seconds(time), before: `${id}.${time}.`, after: "", signatures };
}

/** Text of a timestamp to ms since 1970. */
const TIMES: Readonly<Record<HmacConf["timestampFormat"], (text: string) => number>> = {
  seconds: (text) => 1000 * wholeNumber(text),
  milliseconds: wholeNumber,
  rfc3339(text) {
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
    if (Number.isNaN(time)) throw malformed("the timestamp");
    return time;
  },
};

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw malformed("the timestamp");
  return Number(text);
}

function required(headers: RequestHeaders, name: string): string {
  const value = headers.get(name);
  if (value === null || value === "") throw new HttpError(401, `there is no header ${name}`);
  return value;
}

function signatureBytes(
  value: string,
  prefix: string,
  encoding: Encoding,
): Uint8Array<ArrayBuffer> {
  const bytes = value.startsWith(prefix) ? decode(value.slice(prefix.length), encoding) : undefined;
  if (bytes === undefined || bytes.length === 0) throw malformed("the signature");
  return bytes;
}

function malformed(what: string): HttpError {
  return new HttpError(400, `${what} is not of the form that it should have`);
}
