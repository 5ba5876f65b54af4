/** What the inspector knows of a request: made by the gateway's side, kept, recorded, and shown by the page. */

/** A header, argument or the like. `null`: an argument without a value (`?a`), or a field that is to be deleted. */
export type Field = readonly [name: string, value: string | null];

/** A body as far as it is kept: `text` where that is UTF-8, else `base64`. */
export interface BodyView {
  /** Of the whole, bytes. */
  readonly size: number;
  readonly text?: string;
  readonly base64?: string;
  /** Bytes at its end that are not kept. */
  readonly cut?: number;
  /** The same without its content-encoding, where it has one that could be undone. */
  readonly decoded?: BodyView;
}

/** One request from its first byte to the last of its response. */
export interface Inspected {
  /** Counts from 1. */
  readonly id: number;
  /** ms since 1970. */
  readonly began: number;
  /** ms. */
  readonly duration: number;
  /** `127.0.0.1:53124`. */
  readonly client: string;
  readonly method: string;
  /** As the client wrote it: `/get?a=1`. */
  readonly target: string;
  readonly headers: readonly Field[];
  readonly body?: BodyView;
  /** It has one, which nobody has read before the connection ended. */
  readonly bodyUnread?: true;
  /** The id of the route; absent where none matched. */
  readonly route?: string;
  /** What the client got; 499 where it went away before. */
  readonly status: number;
  readonly responseHeaders: readonly Field[];
  readonly responseBody: BodyView;
  readonly phases: readonly InspectedPhase[];
  readonly upstream?: InspectedUpstream;
  /** Why the gateway answered by itself, or the response broke off. */
  readonly error?: string;
  /** It was sent from the inspector: a request once more, as it was or edited. */
  readonly again?: { readonly of: number; readonly edited: boolean };
}

export interface InspectedUpstream {
  /** `127.0.0.1:8080`. */
  readonly node: string;
  /** ms since the request began. */
  readonly at: number;
  /** Until the head of the response, ms. */
  readonly duration: number;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Field[];
  /** Absent: there was no response. */
  readonly status?: number;
  readonly responseHeaders?: readonly Field[];
}

export type PhaseKind = "request" | "response";

/** One call to the runner. */
export interface InspectedPhase {
  readonly kind: PhaseKind;
  /** `ext-plugin-pre-req` … */
  readonly extPlugin: string;
  /** ms since the request began. */
  readonly at: number;
  readonly duration: number;
  readonly conf: readonly ConfView[];
  /** The body that the runner could ask for, and that its plugins found. */
  readonly body?: BodyView;
  /** What the runner was told. */
  readonly sent: CallView;
  readonly asked: readonly AskedView[];
  /** Absent: the call failed. */
  readonly reply?: ReplyView;
  readonly error?: string;
  /** It failed, and the request went on: `allow_degradation`. */
  readonly degraded: boolean;
  /** More than 1 where the runner did not know a token. */
  readonly tries: number;
  /** What the runner asked for and does not get. */
  readonly notes: readonly string[];
  /** Those of the conf, in its order. */
  readonly plugins: readonly InspectedPlugin[];
  /** What the runner logged of the call beside its plugins' turns, such as why none could run. */
  readonly log: readonly LogView[];
}

export interface ConfView {
  readonly name: string;
  readonly value: string;
}

/** A request or a response as the runner is told of it; its body is asked for. */
export type CallView =
  | {
      readonly kind: "request";
      readonly method: string;
      readonly path: string;
      readonly args: readonly Field[];
      readonly headers: readonly Field[];
      /** `127.0.0.1` */
      readonly ip: string;
    }
  | { readonly kind: "response"; readonly status: number; readonly headers: readonly Field[] };

/** A variable or body that a plugin read, and what it got. */
export interface AskedView {
  readonly kind: "var" | "request-body" | "response-body";
  /** Of a variable. */
  readonly name: string;
  /** `null`: there is none. */
  readonly answer: BodyView | null;
  /** ms since the request began; absent where only the gateway tells. */
  readonly at?: number;
  readonly duration?: number;
}

/** What the runner answered. */
export type ReplyView =
  | { readonly kind: "continue" }
  | {
      readonly kind: "rewrite";
      readonly path?: string;
      readonly args: readonly Field[];
      readonly headers: readonly Field[];
      readonly responseHeaders: readonly Field[];
      readonly body?: BodyView;
    }
  | {
      readonly kind: "stop" | "response";
      readonly status: number;
      readonly headers: readonly Field[];
      readonly body?: BodyView;
    };

/** One plugin's turn. */
export interface InspectedPlugin {
  readonly name: string;
  readonly conf: string;
  /** Absent: its turn did not come, or nobody tells of it. */
  readonly ran?: PluginRun;
}

export interface PluginRun {
  /** Its file, or `bundled`. */
  readonly source: string;
  /** ms since the request began. */
  readonly at: number;
  readonly duration: number;
  /** In words: "header x-user", "stop 401", "nothing". */
  readonly did: string;
  readonly end: RunEnd;
  readonly before: State;
  /** Where it answered or failed, this goes no further. */
  readonly after: State;
  readonly asked: readonly AskedView[];
  readonly log: readonly LogView[];
}

export type RunEnd =
  | { readonly kind: "went on" }
  | { readonly kind: "stopped"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly error: ErrorView };

/** The answer of a plugin; its body is absent where it had none, or came from a web Response. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly Field[];
  readonly body?: BodyView;
}

export interface ErrorView {
  readonly name: string;
  readonly message: string;
  /** As the engine writes it, with the lines of TypeScript files. */
  readonly stack: string;
}

export interface LogView {
  /** ms since the request began. */
  readonly at: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** As JSON, or plain text. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly stack?: string;
}

/** What plugins have made of a request or response so far. */
export interface State {
  /** Of a request. */
  readonly path?: string;
  readonly args?: readonly Field[];
  /** Of a response. */
  readonly status?: number;
  readonly headers: readonly Field[];
  /** Headers that go on top of whatever response comes. */
  readonly responseHeaders?: readonly Field[];
  /** Absent: there is none, or nobody has read it. */
  readonly body?: BodyView;
}

/** A line of the page's list. */
export interface Summary {
  readonly id: number;
  readonly began: number;
  readonly duration: number;
  readonly method: string;
  readonly target: string;
  readonly route?: string;
  readonly status: number;
  /** Those that ran; where nobody tells, those of the conf. */
  readonly plugins: readonly string[];
  /** Something threw, failed or broke off. */
  readonly failed: boolean;
  readonly again?: Inspected["again"];
}

export function summaryOf(inspected: Inspected): Summary {
  const { id, began, duration, method, target, route, status, again } = inspected;
  return {
    id,
    began,
    duration,
    method,
    target,
    ...(route !== undefined && { route }),
    status,
    plugins: inspected.phases.flatMap(pluginsOf),
    failed: hasFailed(inspected),
    ...(again && { again }),
  };
}

function pluginsOf({ plugins }: InspectedPhase): string[] {
  const ran = plugins.filter((plugin) => plugin.ran !== undefined);
  return (ran.length > 0 ? ran : plugins).map(({ name }) => name);
}

export function hasFailed({ error, phases }: Inspected): boolean {
  return (
    error !== undefined ||
    phases.some(
      (phase) =>
        phase.error !== undefined || phase.plugins.some(({ ran }) => ran?.end.kind === "failed"),
    )
  );
}
