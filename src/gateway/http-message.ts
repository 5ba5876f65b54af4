/** Requests and responses as they stand on either side of APISIX. */
import type { WireEntry, WireText } from "../protocol/text-entries.ts";

export interface HeaderLine {
  readonly name: string;
  readonly value: WireText;
}

/** A request as APISIX has it before a runner is asked. */
export interface ClientRequest {
  readonly method: string;
  /** As it stands on the request line: `/get?a=1`. */
  readonly target: string;
  /** The target's path, percent-decoded and normalised. */
  readonly path: WireText;
  /** The target's arguments, percent-decoded. */
  readonly args: readonly WireEntry[];
  readonly headers: readonly HeaderLine[];
  readonly body?: Uint8Array | undefined;
}

/** A request as it goes upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** As it stands on the request line: `/get?a=1`. */
  readonly target: string;
  /** Without what nginx adds to every request, such as `X-Real-IP`. */
  readonly headers: readonly HeaderLine[];
  readonly body?: Uint8Array | undefined;
}

/** A response from the upstream, or to the client. */
export interface HttpResponse {
  readonly status: number;
  /** Without what nginx adds to every response, such as `Date`. */
  readonly headers: readonly HeaderLine[];
  readonly body?: Uint8Array | undefined;
}
