/** A runner in this process, called through its real codec and connection: bytes in, bytes out, no socket. */
import { type Answers, answersOfCall, type AskedQuestion } from "../gateway/answers.ts";
import type { RunnerReply } from "../gateway/decode-replies.ts";
import { prepareConfFrame } from "../gateway/encode-calls.ts";
import { ConfCache } from "../plugin/conf-cache.ts";
import type { Plugin } from "../plugin/plugin.ts";
import { PluginRegistry } from "../plugin/registry.ts";
import type { ExtPlugin } from "../plugin/conf-key.ts";
import { StrayErrors } from "../plugin/stray-errors.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Runner } from "../rpc/runner.ts";
import type { Stores } from "../store/stores.ts";
import { ConnectionEnd } from "./connection-end.ts";
import { keepingLogger, type KeptLine } from "./log-lines.ts";
import { storesOf, TestStore } from "./test-store.ts";

export interface InProcessRunnerOptions {
  /** ms that a hook may take where its plugin says nothing else; default 10 000. */
  readonly timeout?: number | undefined;
  /** Bytes that a decoded response body may have; default 64 MiB. */
  readonly decodedBodyLimit?: number | undefined;
  /** What `$env://NAME` leads to; all of it is allowed. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Where plugins keep what they put into `store`; default: one of its own, in memory. */
  readonly stores?: Stores | undefined;
}

/** Where a call comes from, and what APISIX has prepared for it. */
export interface Caller {
  readonly extPlugin: ExtPlugin;
  /** The route's id; each route has confs, and so state, of its own. */
  readonly route: string;
  readonly conf: readonly { readonly name: string; readonly value: string }[];
}

export interface CallRecord {
  /** The reply to the call; to PrepareConf where that was refused. */
  readonly reply: RunnerReply;
  readonly asked: readonly AskedQuestion[];
  /** The lines logged meanwhile, every level; those of other calls left out. */
  readonly log: readonly KeptLine[];
}

const EXPIRE_TIME_MS = 3_600_000;

export class InProcessRunner {
  readonly runner: Runner;
  readonly #log: KeptLine[] = [];
  readonly #ends = new Set<ConnectionEnd>();
  #lastId = 0;

  constructor(
    plugins: readonly Plugin[],
    {
      timeout = 10_000,
      decodedBodyLimit = 64 * 2 ** 20,
      env = {},
      stores = storesOf(new TestStore()),
    }: InProcessRunnerOptions = {},
  ) {
    const log = keepingLogger((line) => this.#log.push(line));
    const registry = new PluginRegistry([], log);
    registry.replaceAdded(plugins);
    this.runner = {
      registry,
      confs: new ConfCache({ expireTime: EXPIRE_TIME_MS, limit: 1000, log }),
      secrets: { env: Object.keys(env), files: [], environment: env },
      log,
      store: stores,
      strayErrors: new StrayErrors(log),
      timeout,
      decodedBodyLimit,
    };
  }

  /** How many calls are under way. */
  get calls(): number {
    return this.#ends.size;
  }

  /**
   * One call on a connection of its own, its conf prepared before.
   *
   * @param frame the call for a token
   */
  async call(
    { extPlugin, route, conf }: Caller,
    answers: Answers,
    frame: (id: number, confToken: number) => Frame,
  ): Promise<CallRecord> {
    const from = this.#log.length;
    const id = this.#lastId++;
    const phase = extPlugin === "ext-plugin-post-resp" ? "response" : "request";
    const end = new ConnectionEnd(this.runner, answersOfCall(answers, phase));
    this.#ends.add(end);
    try {
      let reply = await end.call(prepareConfFrame(`route#${route}#${extPlugin}#1`, conf));
      if (reply.kind === "conf-token") reply = await end.call(frame(id, reply.token));
      const log = this.#log.slice(from).filter(({ fields }) => (fields.request ?? id) === id);
      return { reply, asked: end.asked, log };
    } finally {
      this.#ends.delete(end);
    }
  }

  /** Closes the connections of all calls under way, which reject. */
  disconnect(): void {
    for (const end of this.#ends) end.disconnect();
  }
}
