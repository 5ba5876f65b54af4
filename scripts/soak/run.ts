/** Clients at full rate for as long as it is told to, and the runner's memory and descriptors meanwhile. */
import { KINDS, preparation, type SoakKind, type Tokens } from "./calls.ts";
import { SoakClient } from "./client.ts";
import { SoakedRunner } from "./runner.ts";

export interface SoakOptions {
  readonly executable: string;
  /** ms */
  readonly time: number;
  /** ms between two samples */
  readonly sampleEvery: number;
  /** ms between two reloads */
  readonly reloadEvery: number;
  readonly clients: number;
  /** More arguments for the runner. */
  readonly args?: readonly string[];
  readonly onSample?: (sample: Sample) => void;
}

export interface Sample {
  /** ms since the beginning */
  readonly at: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Since the beginning. */
  readonly calls: number;
}

export interface SoakResult {
  readonly samples: readonly Sample[];
  readonly calls: number;
  readonly connections: number;
  readonly confs: number;
  readonly reloads: number;
  /** Replies that were not what they had to be, and calls without one: how many, and the first few. */
  readonly wrong: number;
  readonly examples: readonly string[];
  /** Open before the first client came and after the last has gone, everything loaded. */
  readonly descriptors: { readonly before: number; readonly after: number };
}

/** How many calls a client makes on a connection, and with a conf. */
const CALLS_A_CONNECTION = 200;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  await using runner = await SoakedRunner.start(options.executable, options.args);
  const run = new Soak(runner);
  await run.client(() => run.calls > 500);
  const before = await run.settled();
  const began = performance.now();
  const isOver = () => performance.now() - began >= options.time;
  const samples: Sample[] = [];
  const sampling = setInterval(() => {
    const { residentBytes, descriptors, threads } = runner;
    const at = performance.now() - began;
    const sample = { at, residentBytes, descriptors, threads, calls: run.calls };
    samples.push(sample);
    options.onSample?.(sample);
  }, options.sampleEvery);
  let reloads = 0;
  const reloading = setInterval(() => {
    runner.reload();
    reloads++;
  }, options.reloadEvery);
  await Promise.all(Array.from({ length: options.clients }, () => run.client(isOver)));
  clearInterval(sampling);
  clearInterval(reloading);
  const after = await run.settled(before);
  return { samples, reloads, ...run.counts, descriptors: { before, after } };
}

class Soak {
  calls = 0;
  #connections = 0;
  #confs = 0;
  #wrong = 0;
  readonly #examples: string[] = [];
  readonly #lots = KINDS.flatMap((kind) => Array<SoakKind>(kind.share).fill(kind));

  constructor(private readonly runner: SoakedRunner) {}

  get counts() {
    const { calls } = this;
    return {
      calls,
      connections: this.#connections,
      confs: this.#confs,
      wrong: this.#wrong,
      examples: this.#examples,
    };
  }

  /** Connects, prepares, calls, goes, again and again; every other time it goes in the middle of a call. */
  async client(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      using client = await SoakClient.connect(this.runner.socket);
      const isAbrupt = this.#connections++ % 2 === 0;
      try {
        const tokens = await this.#prepare(client);
        for (let i = 0; i < CALLS_A_CONNECTION && !isOver(); i++) {
          await this.#call(client, this.#draw(), tokens);
        }
        if (isAbrupt) client.abandon(this.#draw().make(tokens));
      } catch (error) {
        this.#note(String(error));
      }
    }
  }

  /** Descriptors, once those of closed connections are gone; at most the number given, or after some seconds. */
  async settled(expected = 0): Promise<number> {
    const end = performance.now() + 3_000;
    while (performance.now() < end && this.runner.descriptors > expected) await Bun.sleep(50);
    return this.runner.descriptors;
  }

  async #prepare(client: SoakClient): Promise<Tokens> {
    const number = this.#confs++;
    const token = async (phase: "pre-req" | "post-resp"): Promise<number> => {
      const reply = await client.call(preparation(number, phase));
      if (reply.kind !== "conf-token") throw new Error(`no token but ${reply.kind}`);
      return reply.token;
    };
    return { request: await token("pre-req"), response: await token("post-resp") };
  }

  #draw(): SoakKind {
    const kind = this.#lots[Math.floor(Math.random() * this.#lots.length)];
    if (kind === undefined) throw new Error("no calls to make");
    return kind;
  }

  async #call(client: SoakClient, kind: SoakKind, tokens: Tokens): Promise<void> {
    const reply = await client.call(kind.make(tokens));
    this.calls++;
    if (!kind.isRight(reply)) this.#note(`${kind.name}: ${JSON.stringify(reply).slice(0, 200)}`);
  }

  #note(example: string): void {
    this.#wrong++;
    if (this.#examples.length < 5) this.#examples.push(example);
  }
}
