/** Brings together what the gateway tells of a request and what the runner traced of it. */
import type { RequestEvent } from "../gateway/events.ts";
import { inspect } from "./inspect.ts";
import type { Inspected } from "./model.ts";
import type { LogTrace, Trace } from "./runner/traces.ts";
import { TraceBoard } from "./trace-board.ts";
import { withLine, withRun } from "./with-traces.ts";

/** Requests for which a late trace is still of interest. */
const REMEMBERED_CALLS = 2000;

export class RequestWatch {
  readonly #board = new TraceBoard((call, trace) => this.#addLate(call, trace));
  readonly #owners = new Map<number, Owner>();

  /**
   * @param find the request as it is known now, if anybody still wants to know
   * @param change told of it when a trace has come late
   */
  constructor(
    private readonly find: (id: number) => Inspected | undefined = () => undefined,
    private readonly change: (inspected: Inspected) => void = () => {},
  ) {}

  trace(trace: Trace): void {
    this.#board.add(trace);
  }

  /** The runner has sent its traces before it replied, but one socket may be slower than another: leave them some ms. */
  inspected(event: RequestEvent): Promise<Inspected> {
    event.phases.forEach(({ call }, phase) => this.#owners.set(call, { id: event.id, phase }));
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size <= REMEMBERED_CALLS) break;
      this.#owners.delete(oldest);
    }
    return inspect(event, this.#board);
  }

  #addLate(call: number, trace: Trace): void {
    const owner = this.#owners.get(call);
    const inspected = owner && this.find(owner.id);
    if (owner && inspected) this.change(withTrace(inspected, owner.phase, trace));
  }
}

interface Owner {
  readonly id: number;
  /** Which of its calls. */
  readonly phase: number;
}

function withTrace(inspected: Inspected, at: number, trace: Trace): Inspected {
  const phases = inspected.phases.map((phase, i) => {
    if (i !== at) return phase;
    return trace.kind === "run"
      ? withRun(phase, trace, inspected.began)
      : withLine(phase, trace satisfies LogTrace, inspected.began);
  });
  return { ...inspected, phases };
}
