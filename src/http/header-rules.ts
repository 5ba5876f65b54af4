/** Which header fields may be sent: HTTP's grammar, and what would break the gateway's framing. */
import { ProtocolLimitError } from "./errors.ts";

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** NUL, CR and LF end a header line or worse; HTTP forbids them in every value. */
const FORBIDDEN_IN_VALUE = /[\0\r\n]/;

/**
 * APISIX sends these raw beside its own, which breaks the message (observed: the client got
 * an empty or a cut body).
 */
export const FRAMING: readonly string[] = ["content-length", "transfer-encoding", "connection"];

/** Whether the field says how a message is framed, which is the gateway's to say. */
export function isFraming(lowerName: string): boolean {
  return FRAMING.includes(lowerName);
}

/**
 * Checks a name and returns it in lower case.
 *
 * @throws ProtocolLimitError
 */
export function checkHeaderName(name: string): string {
  return checked.get(name) ?? checkOtherName(name);
}

/** In lower case, by the names that have been checked: plugins use the same few, call after call. */
const checked = new Map<string, string>();
const MAX_CHECKED = 256;
const MAX_CHECKED_LENGTH = 64;

function checkOtherName(name: string): string {
  if (!TOKEN.test(name)) {
    throw new ProtocolLimitError(
      `${JSON.stringify(name)} is no header name: letters, digits and !#$%&'*+-.^_\`|~ are allowed`,
    );
  }
  const lower = name.toLowerCase();
  if (checked.size < MAX_CHECKED && name.length <= MAX_CHECKED_LENGTH) checked.set(name, lower);
  return lower;
}

/** @throws ProtocolLimitError for a field that frames the message */
export function checkNotFraming(lowerName: string): void {
  if (!isFraming(lowerName)) return;
  throw new ProtocolLimitError(
    `${lowerName} cannot be changed: the gateway frames messages itself; set the body and leave the header out`,
  );
}

/**
 * Checks a value and returns it without white space around it, as the web's Headers do.
 *
 * @throws ProtocolLimitError
 */
export function checkHeaderValue(name: string, value: string): string {
  if (isPlain(value)) return value;
  const text = String(value);
  if (FORBIDDEN_IN_VALUE.test(text)) {
    throw new ProtocolLimitError(
      `the value of ${name} has a CR, LF or NUL in it: ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  return text.trim();
}

const FIRST_PRINTED = 0x21;
const SPACE = 0x20;
const LAST_PRINTED = 0x7e;

/** Up to so many units a look at each takes less than the regular expression and `trim`. */
const MAX_LOOKED_AT = 64;

/** Whether there is nothing but printed ASCII, with spaces inside only: it can be sent as it is. */
function isPlain(value: string): boolean {
  if (typeof value !== "string" || value.length > MAX_LOOKED_AT || value === "") return false;
  const last = value.length - 1;
  for (let i = 0; i <= last; i++) {
    const unit = value.charCodeAt(i);
    const isInside = i > 0 && i < last;
    if (unit > LAST_PRINTED || unit < (isInside ? SPACE : FIRST_PRINTED)) return false;
  }
  return true;
}
