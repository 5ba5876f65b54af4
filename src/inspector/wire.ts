/** What the page and the inspector say to each other, as JSON. */
import type { BodyView, ConfView, Field, Summary } from "./model.ts";

/** `GET /api/about` */
export interface About {
  /** Where the gateway is, as a client calls it: `http://127.0.0.1:9080`. */
  readonly gateway: string;
}

/** `GET /api/live`: server-sent events. */
export type LiveEvent =
  /** All there are, when the page begins to listen; the oldest first. */
  { readonly kind: "all"; readonly summaries: readonly Summary[] } | HistoryEvent;

export type HistoryEvent =
  /** A request has ended, or more is known of one. */
  { readonly kind: "request"; readonly summary: Summary } | { readonly kind: "cleared" };

/** `GET /api/search?text=…`: the ids of the requests that have this text anywhere. */
export interface Found {
  readonly ids: readonly number[];
}

/** `POST /api/send`: a request of the history again; what is absent is as it was. */
export interface SendOrder {
  readonly of: number;
  readonly request?: EditedRequest;
  /** By the plugin of APISIX that has them: `ext-plugin-pre-req` … */
  readonly confs?: Readonly<Record<string, readonly ConfView[]>>;
}

export interface EditedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Field[];
  /** Absent: none. */
  readonly body?: BodyView;
}

export interface Sent {
  /** Of the new request. */
  readonly id: number;
}

/** `POST /api/test` */
export interface TestOrder {
  readonly of: number;
  /** Which of its calls to the runner. */
  readonly phase: number;
  /** One plugin of it; absent: the whole chain. */
  readonly plugin?: number;
  /** Else it is only shown. */
  readonly save: boolean;
}

export interface TestAnswer {
  /** Where it is, or would be. */
  readonly file: string;
  readonly code: string;
}

/** `GET /api/source?place=/plugins/a.ts:4:9` */
export interface SourceExcerpt {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** The number of the first of the lines. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** With a status of 400 and above. */
export interface Refused {
  /** For people. */
  readonly error: string;
}
