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
  if (!TOKEN.test(name)) {
    throw new ProtocolLimitError(
      `${JSON.stringify(name)} is no header name: letters, digits and !#$%&'*+-.^_\`|~ are allowed`,
    );
  }
  return name.toLowerCase();
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
  const text = String(value);
  if (FORBIDDEN_IN_VALUE.test(text)) {
    throw new ProtocolLimitError(
      `the value of ${name} has a CR, LF or NUL in it: ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  return text.trim();
}
