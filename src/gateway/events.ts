/** What the gateway tells of each request. */
import type { AskedQuestion } from "./answers.ts";
import type { ConfEntry } from "../protocol/calls.ts";
import type { RequestReply, ResponseReply } from "./decode-replies.ts";
import type { GatewayRequest, GatewayResponse } from "./encode-calls.ts";
import type { HeaderLine, HttpResponse, UpstreamRequest } from "./http-message.ts";
import type { ExtPluginName } from "./routes/route.ts";

/** One request from its first byte to the last of its response. */
export interface RequestEvent {
  /** Counts from 1. */
  readonly id: number;
  /** ms since 1970, with their fractions. */
  readonly began: number;
  /** Where it came from: `127.0.0.1:53124`. */
  readonly client: string;
  /** Of the whole, ms. */
  readonly duration: number;
  readonly method: string;
  /** As the client wrote it. */
  readonly target: string;
  readonly clientHeaders: readonly HeaderLine[];
  /** As far as somebody has read it. */
  readonly clientBody?: Uint8Array | undefined;
  /** `undefined`: no route matched, or the request was refused before. */
  readonly route?: string | undefined;
  /** What the client got; 499 where it went away before. */
  readonly status: number;
  readonly responseHeaders: readonly HeaderLine[];
  /** Of the response's body, bytes. */
  readonly responseLength: number;
  /** The first `keptResponse` bytes of it. */
  readonly responseBody: Uint8Array;
  /** The calls to the runner, in their order. */
  readonly phases: readonly PhaseEvent[];
  /** `undefined`: no upstream was asked. */
  readonly upstream?: UpstreamEvent | undefined;
  /** Why the gateway answered by itself, or the response broke off. */
  readonly error?: string | undefined;
}

export interface UpstreamEvent {
  /** `127.0.0.1:8080`. */
  readonly node: string;
  /** When it was asked, ms since the request began. */
  readonly at: number;
  /** What was sent, without its body. */
  readonly request: UpstreamRequest;
  /** Until the head of the response, ms. */
  readonly duration: number;
  /** `undefined`: there was no response. */
  readonly status?: number | undefined;
  readonly headers?: readonly HeaderLine[] | undefined;
}

/** One call to the runner. */
export type PhaseEvent = RequestPhaseEvent | ResponsePhaseEvent;

interface Phase {
  readonly extPlugin: ExtPluginName;
  /** What its conf was prepared under: `route#1#ext-plugin-pre-req#1`. */
  readonly key: string;
  /** The number of the call. */
  readonly call: number;
  /** When it began, ms since the request did. */
  readonly at: number;
  /** The names in its conf: the runner's plugins. */
  readonly plugins: readonly string[];
  /** `undefined`: the route has none. */
  readonly conf: readonly ConfEntry[] | undefined;
  /** ms; all tries together. */
  readonly duration: number;
  /** What the runner asked for on the way. */
  readonly questions: readonly AskedQuestion[];
  /** More than 1 where the runner did not know a token. */
  readonly tries: number;
  /** What the runner asked for and does not get. */
  readonly notes: readonly string[];
  /** Why the call failed. */
  readonly error?: string | undefined;
  /** It failed, and the request went on: `allow_degradation`. */
  readonly degraded: boolean;
}

/** Of ext-plugin-pre-req or ext-plugin-post-req. */
export interface RequestPhaseEvent extends Phase {
  readonly kind: "request";
  /** `undefined`: the call failed. */
  readonly reply?: RequestReply | undefined;
  /** What the runner was told. */
  readonly sent: Omit<GatewayRequest, "id" | "confToken">;
  /** The request as it would have gone upstream before and after; without a body that nobody had read. */
  readonly before: UpstreamRequest;
  /** `undefined`: it goes no further. */
  readonly after?: UpstreamRequest | undefined;
  /** What the client gets in place of the upstream's response. */
  readonly stopped?: HttpResponse | undefined;
}

/** Of ext-plugin-post-resp. */
export interface ResponsePhaseEvent extends Phase {
  readonly kind: "response";
  readonly reply?: ResponseReply | undefined;
  readonly sent: Omit<GatewayResponse, "id" | "confToken">;
  /** The upstream's; without a body that nobody had read. */
  readonly before: HttpResponse;
  /** What the client gets; without a body where that is the upstream's. */
  readonly after?: HttpResponse | undefined;
}
