/** Drives load over many connections, one call at a time on each, and measures. */
import { FrameType } from "../../../src/protocol/frame.ts";
import { Info } from "../../../src/protocol/generated/a6/extra-info/info.ts";
import { fieldAt, follow, readUint32 } from "../../../src/protocol/read.ts";
import { quantile } from "../statistics.ts";
import { LoadConnection } from "./connection.ts";
import { answerFrame, bodyOf, CallFrame, prepareFrame, VARIABLE } from "./frames.ts";
import type { LoadOptions } from "./options.ts";
import { memoryOf, processorTime } from "./process.ts";

/** The same names as a6load's. Times in µs unless they say otherwise, memory in kB. */
export interface LoadReport {
  readonly seconds: number;
  readonly requests: number;
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  readonly bad: number;
  readonly closed: number;
  readonly runner_us_per_req: number;
  readonly rss_kb: number;
  readonly hwm_kb: number;
  readonly prepare_us: number;
}

export async function drive(options: LoadOptions): Promise<LoadReport> {
  const load = new Load(options);
  await load.connect();
  await load.prepare();
  return load.run();
}

const ACTIONS: Readonly<Record<string, number>> = { none: 0, stop: 1, rewrite: 2 };

class Load {
  readonly #idle: LoadConnection[] = [];
  readonly #call: CallFrame;
  readonly #body: Buffer;
  readonly #variable = answerFrame(VARIABLE);
  readonly #wanted: number;
  #tokens: number[] = [];
  #prepareTime = 0;
  #nextId = 1;
  #done = 0;
  #errors = 0;
  #bad = 0;
  #closed = 0;
  /** ns; those that began before do not count. */
  #countFrom = Number.POSITIVE_INFINITY;
  #running = true;
  readonly #latencies: number[] = [];
  /** Resolves the token that `prepare` waits for. */
  #prepared: ((payload: Buffer) => void) | undefined;
  #onDone: (() => void) | undefined;

  constructor(private readonly options: LoadOptions) {
    this.#call = CallFrame.of(options);
    this.#body = answerFrame(bodyOf(options));
    this.#wanted = options.mode === "resp" ? FrameType.HttpRespCall : FrameType.HttpReqCall;
  }

  async connect(): Promise<void> {
    const events = {
      frame: (connection: LoadConnection, type: number, payload: Buffer) =>
        this.#receive(connection, type, payload),
      closed: () => void this.#closed++,
    };
    while (this.#idle.length < this.options.connections) {
      this.#idle.push(await LoadConnection.openWhenReady(this.options.socket, events));
    }
  }

  async prepare(): Promise<void> {
    const connection = this.#idle[0]!;
    const begun = Bun.nanoseconds();
    for (let index = 0; index < this.options.confs; index++) {
      const { promise, resolve } = Promise.withResolvers<Buffer>();
      this.#prepared = resolve;
      connection.write(prepareFrame(this.options, index));
      const payload = await promise;
      const token = fieldAt(payload, follow(payload, 0), 0);
      this.#tokens.push(token === 0 ? 0 : readUint32(payload, token));
    }
    this.#prepareTime = (Bun.nanoseconds() - begun) / 1000 / this.options.confs;
  }

  async run(): Promise<LoadReport> {
    const { duration, warmup, requests, rate, pid } = this.options;
    // With a number of calls, all count.
    if (requests > 0) this.#countFrom = Bun.nanoseconds();
    const overdue = rate > 0 ? this.#beginAtRate(rate) : this.#beginAll();
    if (requests === 0) await Bun.sleep(warmup);
    const begun = Bun.nanoseconds();
    if (requests === 0) this.#countFrom = begun;
    const doneBefore = requests === 0 ? this.#done : 0;
    const timeBefore = processorTime(pid);
    if (requests === 0) await Bun.sleep(duration);
    else if (this.#done < requests) await this.#until();
    this.#running = false;
    const seconds = (Bun.nanoseconds() - begun) / 1e9;
    const time = processorTime(pid) - timeBefore;
    const count = this.#done - doneBefore;
    const latencies = Float64Array.from([...this.#latencies, ...overdue()]).sort();
    const { resident, highest } = memoryOf(pid);
    return {
      seconds,
      requests: count,
      rps: count / seconds,
      p50: latencies.length === 0 ? 0 : quantile(latencies, 0.5) / 1000,
      p99: latencies.length === 0 ? 0 : quantile(latencies, 0.99) / 1000,
      errors: this.#errors,
      bad: this.#bad,
      closed: this.#closed,
      runner_us_per_req: (time * 1e6) / count,
      rss_kb: resident,
      hwm_kb: highest,
      prepare_us: this.#prepareTime,
    };
  }

  /** Until as many calls are done as were asked for. */
  #until(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDone = resolve;
    return promise;
  }

  #beginAll(): () => number[] {
    const { requests } = this.options;
    const count = requests === 0 ? this.#idle.length : Math.min(requests, this.#idle.length);
    for (const connection of this.#idle.splice(0, count))
      this.#begin(connection, Bun.nanoseconds());
    return () => [];
  }

  /**
   * Open loop: a call's time runs from when it should have begun, so that calls which found no
   * connection free, or which this client was late for, do not look fast. A timer is too coarse for it.
   *
   * @returns how long, in ns, those have waited that are due and not begun
   */
  #beginAtRate(rate: number): () => number[] {
    const start = Bun.nanoseconds();
    const intended = (index: number) => start + (index * 1e9) / rate;
    let next = 0;
    const due = () => {
      if (!this.#running) return;
      const now = Bun.nanoseconds();
      for (; this.#idle.length > 0 && this.#hasMore && intended(next) <= now; next++) {
        this.#begin(this.#idle.pop()!, intended(next));
      }
      setImmediate(due);
    };
    due();
    return () => {
      const now = Bun.nanoseconds();
      const waits: number[] = [];
      if (this.options.requests > 0) return waits;
      for (let index = next; intended(index) < now; index++) waits.push(now - intended(index));
      return waits;
    };
  }

  get #hasMore(): boolean {
    const { requests } = this.options;
    return requests === 0 || this.#nextId <= requests;
  }

  #begin(connection: LoadConnection, at: number): void {
    const id = this.#nextId++;
    connection.id = id;
    connection.begun = at;
    connection.busy = true;
    connection.write(this.#call.addressed(id, this.#tokens[id % this.#tokens.length]!));
  }

  #receive(connection: LoadConnection, type: number, payload: Buffer): void {
    if (type === FrameType.PrepareConf) this.#prepared?.(payload);
    else if (!connection.busy) this.#bad++;
    else if (type === FrameType.ExtraInfo) connection.write(this.#answerTo(payload));
    else this.#end(connection, type, payload);
  }

  #answerTo(question: Buffer): Buffer {
    const at = fieldAt(question, follow(question, 0), 0);
    return at !== 0 && question[at] === Info.Var ? this.#variable : this.#body;
  }

  #end(connection: LoadConnection, type: number, payload: Buffer): void {
    const now = Bun.nanoseconds();
    connection.busy = false;
    if (connection.begun >= this.#countFrom) this.#latencies.push(now - connection.begun);
    this.#done++;
    if (type === FrameType.Error) this.#errors++;
    else if (
      type !== this.#wanted ||
      (this.options.verify && !this.#isExpected(connection, payload))
    )
      this.#bad++;
    const { requests, rate } = this.options;
    const isLast = requests > 0 && this.#done >= requests;
    if (isLast) this.#onDone?.();
    if (this.#running && rate === 0 && this.#hasMore) this.#begin(connection, now);
    else this.#idle.push(connection);
  }

  #isExpected({ id }: LoadConnection, payload: Buffer): boolean {
    const table = follow(payload, 0);
    const idAt = fieldAt(payload, table, 0);
    const action = ACTIONS[this.options.mode];
    if ((idAt === 0 ? 0 : readUint32(payload, idAt)) !== id) return false;
    if (action === undefined) return true;
    const actionAt = fieldAt(payload, table, 1);
    return (actionAt === 0 ? 0 : payload[actionAt]) === action;
  }
}
