/** What a supervisor and its workers say to each other: a line of JSON each. */
import type { InheritedConf } from "../rpc/inheritance.ts";

/** What a supervisor may ask each of its workers. */
export type QuestionName = "metrics";

/** From a worker. */
export type WorkerMessage =
  /** I serve, with so many connections; my image may be a new one. */
  | { readonly say: "hello"; readonly pid: number; readonly open: number }
  /** What was sent until the welcome has been taken, and nothing of it is left. */
  | { readonly say: "ready"; readonly upTo: number }
  /** These connections are mine, those I cannot take; now I have so many. */
  | {
      readonly say: "took";
      readonly numbers: readonly number[];
      readonly refused: readonly number[];
      readonly open: number;
    }
  /** Now I have so many. */
  | { readonly say: "open"; readonly open: number }
  /** APISIX has this conf prepared: under which token? */
  | { readonly say: "register"; readonly question: number; readonly content: string }
  /** A call names a token that I do not know: do you? */
  | { readonly say: "find"; readonly question: number; readonly token: number }
  /** No conf is left here of those that were to be dropped. */
  | { readonly say: "dropped"; readonly drop: number }
  /** An idle connection has been sent. */
  | { readonly say: "given"; readonly number: number }
  /** The answer to a question, or why there is none. */
  | {
      readonly say: "answer";
      readonly question: number;
      readonly value?: unknown;
      readonly problem?: string;
    };

/** From the supervisor. */
export type SupervisorMessage =
  /** I know that your image is a new one. Connections up to this number have been sent. */
  | { readonly say: "welcome"; readonly upTo: number }
  /** Connections have been sent. */
  | { readonly say: "take" }
  /** All workers know the conf by this token. */
  | { readonly say: "registered"; readonly question: number; readonly token: number }
  /** What is known of the token. */
  | {
      readonly say: "found";
      readonly question: number;
      readonly conf?: InheritedConf | undefined;
    }
  /** APISIX does not use these any more. */
  | { readonly say: "drop"; readonly drop: number; readonly tokens: readonly number[] }
  /** Send so many connections when they are idle; 0: no more. */
  | { readonly say: "give"; readonly count: number }
  /** The connection came, or did not; then it stays where it is. */
  | { readonly say: "got"; readonly number: number; readonly ok: boolean }
  /** Close connections once they have been idle for a while. */
  | { readonly say: "close-idle" }
  /** Read the settings and load the plugins again. */
  | { readonly say: "reload" }
  /** The log's file may have another name by now: open it again. */
  | { readonly say: "reopen-log" }
  /** That was all: end. */
  | { readonly say: "end" }
  | { readonly say: "ask"; readonly question: number; readonly what: QuestionName };
