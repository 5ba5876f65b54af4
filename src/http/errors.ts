/** The errors that plugins meet, and the one they throw on purpose. */
import type { HeadersSource } from "./header-fields.ts";

/**
 * Thrown at the line that asks for something the protocol cannot carry, or that would break
 * the exchange between client and gateway. The message says what is allowed instead.
 */
export class ProtocolLimitError extends TypeError {
  override readonly name = "ProtocolLimitError";
}

/** Thrown where a decoded body grows past `limits.decodedBody`. */
export class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";

  /** @param limit bytes */
  constructor(readonly limit: number) {
    super(
      `the decoded body is larger than ${limit} bytes; raise limits.decodedBody or use rawBytes()`,
    );
  }
}

/** Thrown by a question asked after its call was answered, or whose connection has gone. */
export class CallEndedError extends Error {
  override readonly name = "CallEndedError";
}

export interface HttpErrorOptions extends ErrorOptions {
  /** Sent with the answer. */
  readonly headers?: HeadersSource;
}

/**
 * Ends the chain with this status, in either phase. The message is the body that the client
 * reads, so keep to yourself what it must not know; `cause` is logged at level debug only.
 *
 * @example
 * ```ts
 * throw new HttpError(401, "sign in first", { headers: { "www-authenticate": "Bearer" } });
 * ```
 */
export class HttpError extends Error {
  override readonly name: string = "HttpError";
  readonly headers: HeadersSource | undefined;

  /**
   * @param status 200 to 999
   * @throws ProtocolLimitError for any other status
   */
  constructor(
    readonly status: number,
    message = "",
    options: HttpErrorOptions = {},
  ) {
    super(message, options);
    this.headers = options.headers;
    checkStatus(status);
  }
}

/** @throws ProtocolLimitError unless `status` is an integer from 200 to 999 */
export function checkStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 999) return;
  throw new ProtocolLimitError(
    `status ${String(status)} cannot be sent: APISIX takes integers from 200 to 999 and hangs its client on less than 200`,
  );
}
