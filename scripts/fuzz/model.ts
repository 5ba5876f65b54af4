/** What must come out for the frames that went in: the protocol's rules, without its code. */
import type { PrepareConfCall } from "../../src/protocol/calls.ts";
import { FrameType } from "../../src/protocol/frame.ts";
import { accept, type Accepted } from "./compare.ts";
import type { Hook, StandingConf } from "./confs.ts";
import { QUESTIONS } from "./plugins/ask-all.ts";
import { requestReadback, responseReadback } from "./readback.ts";

/** One frame that must come out; where there are several, any of them. */
export type Expected =
  | { readonly kind: "error"; readonly code: string }
  | { readonly kind: "question" }
  | { readonly kind: "conf-token"; readonly call: PrepareConfCall }
  | { readonly kind: "continue"; readonly id: number }
  | { readonly kind: "stop"; readonly id: number; readonly body: string }
  /** Or an error: not everything that came can be sent back. */
  | { readonly kind: "rewrite"; readonly id: number }
  /** `read`: what the plugin tells it read. */
  | { readonly kind: "response"; readonly id: number; readonly read?: string };

interface Frame {
  readonly type: number;
  readonly payload: Buffer;
  readonly accepted: Accepted | undefined;
}

/** The call that waits for answers. */
interface Asking {
  readonly reply: Expected;
  readonly failed: Expected;
  open: number;
  hasFailed: boolean;
}

export class Model {
  /** All frames that must have come out by now, in order. */
  readonly expected: Expected[] = [];
  #asking: Asking | undefined;
  /** Whose questions are out, oldest first; calls that have ended stay until they are answered. */
  readonly #questions: Asking[] = [];
  #waiting: Frame[] = [];

  /** @param confs by their tokens */
  constructor(private readonly confs: ReadonlyMap<number, StandingConf>) {}

  /** A call waits for answers. */
  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /** How many answers are owed. */
  get openQuestions(): number {
    return this.#questions.length;
  }

  /** A whole frame went in. @throws DifferenceError */
  take(type: number, payload: Buffer): void {
    const frame = { type, payload, accepted: accept(type, payload) };
    const asking = type === FrameType.ExtraInfo ? this.#questions.shift() : undefined;
    if (asking !== undefined) {
      asking.open--;
      if (frame.accepted === undefined) asking.hasFailed = true;
    } else if (this.#asking !== undefined || this.#waiting.length > 0) {
      this.#waiting.push(frame);
    } else {
      this.#begin(frame);
    }
  }

  /** Everything that goes on without a further frame has gone on. */
  settle(): void {
    while (this.#asking !== undefined && (this.#asking.hasFailed || this.#asking.open === 0)) {
      this.expected.push(this.#asking.hasFailed ? this.#asking.failed : this.#asking.reply);
      this.#asking = undefined;
      while (this.#asking === undefined) {
        const next = this.#waiting.shift();
        if (next === undefined) break;
        this.#begin(next);
      }
    }
  }

  #begin({ payload, accepted }: Frame): void {
    if (accepted === undefined || accepted.kind === "answer") {
      this.expected.push({ kind: "error", code: "BAD_REQUEST" });
      return;
    }
    if (accepted.kind === "prepare-conf") {
      this.expected.push({ kind: "conf-token", call: accepted.call });
      return;
    }
    const { kind, call } = accepted;
    const hook = this.confs.get(call.confToken)?.hook;
    if (hook === undefined) {
      this.expected.push({ kind: "error", code: "CONF_TOKEN_NOT_FOUND" });
      return;
    }
    const replied = REPLIES[kind][hook](call.id, payload);
    if (hook === "ask-all") {
      this.#ask(replied, kind);
    } else {
      if (hook === "ask-and-go") this.#question({ ...OVER, reply: replied, failed: replied });
      this.expected.push(replied);
    }
  }

  #ask(reply: Expected, kind: "request" | "response"): void {
    const failed: Expected =
      kind === "request" ? { kind: "error", code: "SERVICE_UNAVAILABLE" } : reply;
    this.#asking = { reply, failed, open: QUESTIONS, hasFailed: false };
    for (let i = 0; i < QUESTIONS; i++) this.#question(this.#asking);
  }

  #question(of: Asking): void {
    this.expected.push({ kind: "question" });
    this.#questions.push(of);
  }
}

/** Of a call that did not wait for its answer: what that says changes nothing. */
const OVER = { open: 1, hasFailed: false };

/** The token alone decides which plugin runs, whatever phase its conf is of. */
const REPLIES: Record<
  "request" | "response",
  Record<Hook, (id: number, payload: Buffer) => Expected>
> = {
  request: {
    "read-all": (id, payload) => ({ kind: "stop", id, body: requestReadback(payload) }),
    "ask-all": (id) => ({ kind: "continue", id }),
    "ask-and-go": (id) => ({ kind: "continue", id }),
    "edit-all": (id) => ({ kind: "rewrite", id }),
  },
  response: {
    "read-all": (id, payload) => ({ kind: "response", id, read: responseReadback(payload) }),
    "ask-all": (id) => ({ kind: "response", id }),
    "ask-and-go": (id) => ({ kind: "response", id }),
    "edit-all": (id) => ({ kind: "response", id }),
  },
};
