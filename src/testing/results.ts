/** What APISIX does once a runner has replied: what calls of a plugin under test come to. */
import type { LogLine } from "./log-lines.ts";
import type { SentRequest, SentResponse } from "./messages.ts";

/** What a plugin asked APISIX, and what it was told. */
export type Asked =
  | {
      readonly kind: "var";
      readonly name: string;
      /** undefined: there is no such variable. */
      readonly value: string | undefined;
    }
  | {
      readonly kind: "request-body" | "response-body";
      /** As text; undefined: there is none. */
      readonly value: string | undefined;
    };

/** What every call tells. */
interface CallReport {
  /** The lines logged by plugins and by the runner, every level. */
  readonly log: readonly LogLine[];
  /** In order. What a plugin asks twice is asked once. */
  readonly asked: readonly Asked[];
  /** The plugins that ran, in order, and what each did: `stop 401`, `header x-user`, `nothing`, `threw TypeError`. */
  readonly ran: readonly { readonly plugin: string; readonly did: string }[];
  /** What the plugins asked for and APISIX does not do. */
  readonly notes: readonly string[];
}

/** The request goes upstream as it came. */
export interface RequestContinued extends CallReport {
  readonly action: "continue";
  readonly request: SentRequest;
}

/** The request goes upstream, changed, or with headers for its response. */
export interface RequestRewritten extends CallReport {
  readonly action: "rewrite";
  readonly request: SentRequest;
  /** In words, such as `path: /get → /v2` or `header x-user: none → "a"`; empty where it was set to what it was. */
  readonly changes: readonly string[];
  /** Added to whatever response comes. */
  readonly responseHeaders: Headers;
}

/** The client gets an answer of a plugin. */
export interface Stopped extends CallReport {
  readonly action: "stop";
  readonly response: SentResponse;
}

/** A plugin threw, took too long, could not be set up, or answered what cannot be sent: the runner failed closed. */
export interface Failed extends CallReport {
  readonly action: "error";
  /** What went wrong: the message of what was thrown, else of the log. */
  readonly message: string;
  /** What was thrown, if anything was. */
  readonly error: Error | undefined;
  /** The 503 that the client gets; a request goes on instead where its route says `allow_degradation`. */
  readonly response: SentResponse;
}

/** The client gets the upstream's response as it came. */
export interface ResponseContinued extends CallReport {
  readonly action: "continue";
  readonly response: SentResponse;
}

/** The client gets the upstream's response, changed. */
export interface ResponseRewritten extends CallReport {
  readonly action: "rewrite";
  readonly response: SentResponse;
  /** In words, such as `status: 200 → 404` or `header etag: "1" → none`; empty where it was set to what it was. */
  readonly changes: readonly string[];
}

/** What comes of a request. Narrow it by `action`, or with {@link expectAction}. */
export type RequestResult = RequestContinued | RequestRewritten | Stopped | Failed;

/** What comes of a response. In each case `response` is what the client gets. */
export type ResponseResult = ResponseContinued | ResponseRewritten | Stopped | Failed;

export type Action = RequestResult["action"];
