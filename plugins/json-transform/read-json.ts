/** A JSON body, and why there may be none. */
import { JsonReader } from "../lib/json-reader.ts";
import { isJsonType, mediaTypeOf, utf8Of } from "../lib/media-type.ts";
import type { Config } from "./conf.ts";

/** Why a body cannot be reshaped. */
export interface Obstacle {
  /** What a client is told that has sent such a body. */
  readonly status: 400 | 413 | 415;
  readonly reason: string;
  readonly passes: boolean;
}

type Settings = Pick<
  Config,
  "maxBytes" | "maxLevels" | "onBigInteger" | "onInvalid" | "onOtherType"
>;

/** @returns `undefined` as the value of an empty body */
export function readJson(
  bytes: Uint8Array,
  contentType: string | null,
  conf: Settings,
  /** Of what has not been decoded. */
  contentEncoding = "",
): { readonly value: unknown } | Obstacle {
  if (bytes.length === 0) return { value: undefined };
  const mediaType = mediaTypeOf(contentType);
  if (!isJsonType(mediaType)) {
    const reason = mediaType === "" ? "the body has no type" : "the body is not of a JSON type";
    return { status: 415, reason, passes: conf.onOtherType === "pass" };
  }
  const passes = conf.onInvalid === "pass";
  if (!/^(?:identity)?$/i.test(contentEncoding)) {
    return { status: 415, reason: "the body is encoded", passes };
  }
  if (bytes.length > conf.maxBytes) {
    const reason = `the body has more than ${conf.maxBytes} bytes`;
    return { status: 413, reason, passes };
  }
  try {
    const text = utf8Of(bytes).replace(/^\ufeff/, "");
    check(text, conf);
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "it is not UTF-8";
    return { status: 400, reason: `the body is no JSON: ${reason}`, passes };
  }
}

/** What JSON.parse does not look at: how deep the text is, and whether numbers keep their digits. */
function check(text: string, { maxLevels, onBigInteger }: Settings): void {
  const reader = new JsonReader(text, maxLevels);
  const value = (): void => {
    switch (reader.kind()) {
      case "object":
        return reader.object(value);
      case "array":
        return reader.array(value);
      case "number": {
        const start = reader.position;
        reader.skip();
        if (onBigInteger === "round") return;
        const number = text.slice(start, reader.position);
        if (/^-?\d+$/.test(number) && !Number.isSafeInteger(Number(number))) {
          throw new SyntaxError(`a whole number at position ${start} would lose digits`);
        }
        return;
      }
      default:
        return reader.skip();
    }
  };
  reader.document(value);
}
