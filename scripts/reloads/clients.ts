/** The clients of a trial: they do with the runner all that APISIX does, and count what they see. */
import { RunnerCalls } from "../../src/gateway/runner-calls.ts";
import type { TrialOptions } from "./trial.ts";

/** What each call asks of the runner. */
export type Load =
  /** An answer that a plugin has ready. */
  | "ready"
  /** One that takes a plugin 50 ms. */
  | "waiting"
  /** A request body of 100 KiB, read and sent back. */
  | "bodies";

/** As many as APISIX keeps connections in a worker's pool. */
const CLIENTS = 32;
const ROUTES = 8;

const PLUGIN: Readonly<Record<Load, string>> = { ready: "say", waiting: "wait", bodies: "echo" };

/** Each sends its next request when it has the answer to the last. */
export class Clients {
  readonly #calls: RunnerCalls;
  readonly #body = Buffer.alloc(102_400, "body ");
  readonly #failures: Record<string, number> = {};
  #count = 0;
  #retried = 0;
  #wrong = 0;
  #unavoidable = 0;
  #stopping = false;
  #all: Promise<void>[] = [];

  constructor(
    socket: string,
    private readonly options: Pick<TrialOptions, "load" | "pause">,
    private readonly reloader: { readonly isLate: boolean },
  ) {
    this.#calls = new RunnerCalls({ socket });
  }

  /** Resolves when each has been answered once. */
  async begin(): Promise<void> {
    const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
    await Promise.all(numbers.map((number) => this.#call(number)));
    const { pause = 0 } = this.options;
    this.#all = numbers.map(async (number) => {
      while (!this.#stopping) {
        await this.#call(number);
        if (pause > 0) await Bun.sleep(pause);
      }
    });
  }

  async end(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#all);
    this.#calls.close();
  }

  counts() {
    const failures = this.#failures;
    const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
    return {
      calls: this.#count,
      failures,
      failed,
      unavoidable: this.#unavoidable,
      retried: this.#retried,
      wrong: this.#wrong,
    };
  }

  async #call(number: number): Promise<void> {
    const route = number % ROUTES;
    const conf = [
      { name: PLUGIN[this.options.load], value: JSON.stringify({ body: `route ${route}` }) },
    ];
    const plugin = { key: `route#${route}#ext-plugin-pre-req#1`, conf, allowDegradation: false };
    const request = { method: "POST", path: "/", headers: [{ name: "host", value: "a" }] };
    const wasLate = this.reloader.isLate;
    const outcome = await this.#calls.request(plugin, request, () => this.#body);
    this.#count++;
    const isExcused = wasLate || this.reloader.isLate;
    if (outcome.kind === "failed" && isExcused) {
      this.#unavoidable++;
      return;
    }
    if (outcome.kind === "failed") {
      const { message } = outcome.error;
      this.#failures[message] = (this.#failures[message] ?? 0) + 1;
      return;
    }
    if (outcome.tries > 1 && !isExcused) this.#retried++;
    const { reply } = outcome;
    const body = reply.kind === "stop" ? Buffer.from(reply.body ?? []) : undefined;
    if (body === undefined || !body.equals(this.#expected(route))) this.#wrong++;
  }

  #expected(route: number): Buffer {
    const { load } = this.options;
    if (load === "bodies") return this.#body;
    return Buffer.from(load === "waiting" ? "waited" : `route ${route}`);
  }
}
