/** The answer that a class-style plugin prepares. */
import { bodyBytes, type BodySource, bodyToSend } from "./body.ts";
import { checkStatus } from "./errors.ts";
import type { HeadersSource } from "./header-fields.ts";
import { ResponseHeaders } from "./response-headers.ts";
import { Stop } from "./stop.ts";

/**
 * What the client gets if the plugin calls `this.stop()`. Without it the request goes on, and of
 * this the headers alone are kept: they are added to the response that comes.
 */
export class StopResponse {
  #status: number | undefined;
  #headers: ResponseHeaders | undefined;
  #body: Uint8Array | string | undefined;

  /** Default 200. */
  get status(): number {
    return this.#status ?? 200;
  }

  /** @throws ProtocolLimitError unless it is an integer from 200 to 999 */
  set status(status: number) {
    checkStatus(status);
    this.#status = status;
  }

  get headers(): ResponseHeaders {
    return (this.#headers ??= new ResponseHeaders());
  }

  /** Replaces all headers; what frames a message is left out. */
  set headers(headers: HeadersSource) {
    if (headers !== this.#headers) this.headers.replaceWith(headers);
  }

  get body(): Uint8Array | undefined {
    // Who is given the bytes may change them, and sends what they have become.
    if (typeof this.#body === "string") this.#body = bodyBytes(this.#body);
    return this.#body;
  }

  /** Without one APISIX adds its own error page to a status of 300 and above. */
  set body(body: BodySource | undefined) {
    this.#body = body === undefined ? undefined : bodyToSend(body);
  }

  /** @internal */
  toStop(): Stop {
    return new Stop(this.status, this.#headers, this.#body?.length ? this.#body : undefined);
  }

  /** The headers, if any were set. @internal */
  get setHeaders(): ResponseHeaders | undefined {
    return this.#headers;
  }

  /** Whether there is more than headers, which is lost unless the plugin stops. @internal */
  get hasAnswer(): boolean {
    return this.#status !== undefined || this.#body !== undefined;
  }
}
