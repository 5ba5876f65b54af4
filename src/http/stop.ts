/** An answer in place of the upstream's. */
import { type BodySource, bodyToSend } from "./body.ts";
import { checkStatus, HttpError } from "./errors.ts";
import { type HeadersSource, pairsOf } from "./header-fields.ts";
import { ResponseHeaders } from "./response-headers.ts";

export interface StopInit {
  /** 200 to 999; default 200. */
  readonly status?: number;
  readonly headers?: HeadersSource;
}

/** What ends a chain. Made by {@link stop}; a plugin returns it. */
export class Stop {
  /** @internal */
  constructor(
    readonly status: number,
    readonly headers: ResponseHeaders | undefined,
    readonly body: Uint8Array | string | undefined,
  ) {}
}

/**
 * Ends the chain with this answer; return it from a hook. Without a body (an empty one counts as
 * none) APISIX adds its own error page to a status of 300 and above, but for 304.
 *
 * @example
 * ```ts
 * return stop("no token", { status: 401, headers: { "www-authenticate": "Bearer" } });
 * ```
 * @throws ProtocolLimitError for a status outside 200 to 999, a header that cannot be sent, a body
 *   larger than a frame carries
 */
export function stop(body?: BodySource | null, init: StopInit = {}): Stop {
  const { status = 200, headers } = init;
  checkStatus(status);
  let fields: ResponseHeaders | undefined;
  if (headers !== undefined) {
    fields = new ResponseHeaders();
    for (const [name, value] of pairsOf(headers)) fields.append(name, value);
  }
  const content = body === undefined || body === null ? undefined : bodyToSend(body);
  return new Stop(status, fields, content?.length === 0 ? undefined : content);
}

/** The answer that an {@link HttpError} stands for. */
export function stopFromError(error: HttpError): Stop {
  const headers = new ResponseHeaders();
  if (error.message !== "") headers.set("content-type", "text/plain; charset=utf-8");
  if (error.headers !== undefined) {
    for (const [name, value] of pairsOf(error.headers)) headers.set(name, value);
  }
  return new Stop(
    error.status,
    headers,
    error.message === "" ? undefined : bodyToSend(error.message),
  );
}
