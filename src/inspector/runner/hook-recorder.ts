/** Watches the hooks of a runner, and makes a trace of each. */
import { stackOf } from "../../log/errors.ts";
import { HttpError } from "../../http/errors.ts";
import { Stop, stopFromError } from "../../http/stop.ts";
import type { Call } from "../../plugin/call.ts";
import type { HookResult } from "../../plugin/definition.ts";
import type { PreparedPlugin } from "../../plugin/prepared-plugin.ts";
import type { HookObserver, HookWatch } from "../../plugin/trace.ts";
import { bodyView, optionalBody } from "../body-view.ts";
import { fieldsOf } from "../fields.ts";
import type { Answer, AskedView, ErrorView } from "../model.ts";
import { stateOf } from "./call-state.ts";
import type { RunTrace, Trace } from "./traces.ts";

export function hookRecorder(tell: (trace: Trace) => void): HookObserver {
  return { begin: (call, step) => new Recording(call, step, tell) };
}

type Outcome = Pick<RunTrace, "stopped" | "error">;

class Recording implements HookWatch {
  readonly #before;
  readonly #asked: Writable<AskedView>[] = [];
  readonly #at: number;
  #isOver = false;

  constructor(
    private readonly call: Call,
    private readonly step: PreparedPlugin,
    private readonly tell: (trace: Trace) => void,
  ) {
    this.#before = stateOf(call);
    call.info.onRead = (kind, name, answer) => this.#reads(kind, name, answer);
    // A hook that takes too long does not end: its turn does.
    call.onTurnEnd((reason) => this.#end(`threw ${reason.name}`, { error: errorView(reason) }));
    this.#at = now();
  }

  returned(result: HookResult, did: string): void {
    this.#end(did, outcomeOf(result));
  }

  threw(error: unknown, did: string): void {
    if (error instanceof HttpError) {
      this.#end(`stop ${error.status}`, { stopped: answerOf(stopFromError(error)) });
    } else {
      this.#end(did, { error: errorView(error) });
    }
  }

  #reads(kind: AskedView["kind"], name: string, answer: Promise<Uint8Array | undefined>): void {
    const at = now();
    const asked: Writable<AskedView> = { kind, name, answer: null, at };
    this.#asked.push(asked);
    answer.then(
      (bytes) => {
        asked.answer = bytes === undefined ? null : bodyView(bytes);
        asked.duration = now() - at;
      },
      // The plugin sees the rejection.
      () => undefined,
    );
  }

  #end(did: string, outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { call, step } = this;
    const duration = now() - this.#at;
    call.info.onRead = undefined;
    this.tell({
      kind: "run",
      call: call.id,
      phase: call.phase,
      plugin: step.plugin.name,
      source: step.plugin.source,
      at: this.#at,
      duration,
      did,
      before: this.#before,
      after: stateOf(call),
      ...outcome,
      asked: this.#asked,
    });
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function now(): number {
  return performance.timeOrigin + performance.now();
}

function outcomeOf(result: HookResult): Outcome {
  if (result instanceof Stop) return { stopped: answerOf(result) };
  if (result instanceof Response) {
    const { status, headers } = result;
    return { stopped: { status, headers: [...headers] } };
  }
  return {};
}

function answerOf({ status, headers, body }: Stop): Answer {
  return { status, headers: fieldsOf(headers?.toWire() ?? []), ...optionalBody(bytesOf(body)) };
}

function bytesOf(body: Stop["body"]): Uint8Array | undefined {
  return typeof body === "string" ? Buffer.from(body) : body;
}

function errorView(error: unknown): ErrorView {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error), stack: "" };
  return { name: error.name, message: error.message, stack: stackOf(error) ?? "" };
}
