/** What a conf of `webhook-signature` may say. */
import * as v from "valibot";
import { headerName } from "../lib/header-name.ts";
import { secretText } from "../lib/secret-text.ts";
import { decode, ENCODINGS } from "./encodings.ts";
import { standardKey } from "./keys.ts";

const HeaderName = v.pipe(headerName, v.toLowerCase());

const Seconds = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400));

const Hmac = v.pipe(
  v.strictObject({
    /** The one with the signature. */
    header: HeaderName,
    /** In front of the signature, such as `sha256=`. */
    prefix: v.optional(v.string(), ""),
    encoding: v.optional(v.picklist(ENCODINGS), "hex"),
    algorithm: v.optional(v.picklist(["sha256", "sha384", "sha512", "sha1"]), "sha256"),
    secretEncoding: v.optional(v.picklist(["utf8", ...ENCODINGS]), "utf8"),
    /** What is signed: `{body}` and, where there are headers of them, `{timestamp}` and `{id}`. */
    content: v.optional(v.string(), "{body}"),
    timestampHeader: v.optional(HeaderName),
    timestampFormat: v.optional(v.picklist(["seconds", "milliseconds", "rfc3339"]), "seconds"),
    idHeader: v.optional(HeaderName),
  }),
  v.forward(
    v.check(({ content }) => isOnce(content, "{body}"), "expected {body} in it, once"),
    ["content"],
  ),
  v.forward(
    v.check(
      ({ content, timestampHeader }) =>
        isOnce(content, "{timestamp}") === (timestampHeader !== undefined),
      "expected {timestamp} in it once where there is a timestampHeader, and else not",
    ),
    ["content"],
  ),
  v.forward(
    v.check(
      ({ content, idHeader }) => isOnce(content, "{id}") === (idHeader !== undefined),
      "expected {id} in it once where there is an idHeader, and else not",
    ),
    ["content"],
  ),
);

export type HmacConf = v.InferOutput<typeof Hmac>;

export const Conf = v.pipe(
  v.strictObject({
    provider: v.picklist(["github", "stripe", "slack", "shopify", "standard", "hmac"]),
    /** Any of them will do, so that they can be changed without a gap. */
    secrets: v.pipe(
      v.array(secretText, "expected a list of secrets"),
      v.minLength(1, "expected at least one secret"),
      v.maxLength(8, "expected at most 8 secrets"),
    ),
    /** Of the provider `hmac`. */
    hmac: v.optional(Hmac),
    /** Seconds that a signed timestamp may be from this host's time; default 300. */
    tolerance: v.optional(Seconds),
    /** Whether a delivery may come a second time. */
    replay: v.optional(v.picklist(["allow", "refuse"]), "allow"),
    /** Seconds that a delivery without a signed timestamp is remembered; default 3600. */
    replayWindow: v.optional(Seconds),
    /** What becomes of a delivery of which the store cannot tell whether it has come before. */
    onStoreError: v.optional(v.picklist(["refuse", "allow"]), "refuse"),
    /** A request header that tells the upstream which provider was verified. */
    verifiedHeader: v.optional(HeaderName),
    /** Bytes; what APISIX can hand over ends at 16 MiB − 1. */
    maxBody: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 24 - 1)),
      2 ** 20,
    ),
  }),
  v.forward(
    v.check(
      ({ provider, hmac }) => (provider === "hmac") === (hmac !== undefined),
      "expected where the provider is hmac, and else not",
    ),
    ["hmac"],
  ),
  v.forward(
    v.check(
      (conf) => conf.tolerance === undefined || signsTime(conf),
      "this provider signs no timestamp, or hmac names no timestampHeader",
    ),
    ["tolerance"],
  ),
  v.forward(
    v.check(
      (conf) => conf.replayWindow === undefined || !signsTime(conf),
      "it follows from tolerance where a timestamp is signed",
    ),
    ["replayWindow"],
  ),
  v.forward(
    v.check(
      ({ provider, secrets }) =>
        provider !== "standard" || secrets.every((secret) => standardKey(secret) !== undefined),
      "expected whsec_ and base64, or whpk_ and 32 bytes as base64",
    ),
    ["secrets"],
  ),
  v.forward(
    v.check(({ secrets, hmac }) => {
      const encoding = hmac?.secretEncoding ?? "utf8";
      return encoding === "utf8" || secrets.every((one) => decode(one.reveal(), encoding)?.length);
    }, "one of them is not what hmac.secretEncoding says"),
    ["secrets"],
  ),
);

export type WebhookConf = v.InferOutput<typeof Conf>;

/** In ms. */
export interface Times {
  /** How far a signed timestamp may be off; undefined: none is signed. */
  readonly tolerance: number | undefined;
  /** How long a delivery is remembered. */
  readonly replayWindow: number;
}

export function timesOf(config: WebhookConf): Times {
  const { tolerance = 300, replayWindow = 3600 } = config;
  if (!signsTime(config)) return { tolerance: undefined, replayWindow: 1000 * replayWindow };
  // One whose timestamp is ahead by all of it passes for twice as long; a second more, since clocks differ.
  return { tolerance: 1000 * tolerance, replayWindow: 2000 * tolerance + 1000 };
}

function signsTime({
  provider,
  hmac,
}: {
  readonly provider: string;
  readonly hmac?: HmacConf | undefined;
}): boolean {
  return ["stripe", "slack", "standard"].includes(provider) || hmac?.timestampHeader !== undefined;
}

function isOnce(text: string, part: string): boolean {
  return text.split(part).length === 2;
}
