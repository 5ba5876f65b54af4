/** Runs a case through the runner's own connection in this process: bytes in, bytes out, no socket. */
import { decodeReply, type RunnerReply } from "../../src/gateway/decode-replies.ts";
import { createLogger } from "../../src/log/logger.ts";
import { ConfCache } from "../../src/plugin/conf-cache.ts";
import { contentOf } from "../../src/plugin/conf-content.ts";
import { pluginFromModule } from "../../src/plugin/load-module.ts";
import { prepareConf } from "../../src/plugin/prepare.ts";
import { phaseOf } from "../../src/plugin/conf-key.ts";
import { PreparedConf } from "../../src/plugin/prepared-conf.ts";
import { PluginRegistry } from "../../src/plugin/registry.ts";
import { StrayErrors } from "../../src/plugin/stray-errors.ts";
import type { PrepareConfCall } from "../../src/protocol/calls.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import type { Runner } from "../../src/rpc/runner.ts";
import { engineSource } from "../../src/store/open-engine.ts";
import { Stores } from "../../src/store/stores.ts";
import { type ByteSocket, Connection } from "../../src/server/connection.ts";
import { ANSWER, type FuzzCase } from "./case.ts";
import { check, FuzzFailure } from "./check.ts";
import { type Hook, type StandingConf, standingConfs } from "./confs.ts";
import { Model } from "./model.ts";
import * as askAll from "./plugins/ask-all.ts";
import * as askAndGo from "./plugins/ask-and-go.ts";
import * as editAll from "./plugins/edit-all.ts";
import * as readAll from "./plugins/read-all.ts";

const PLUGINS: Record<Hook, { readonly default: unknown }> = {
  "read-all": readAll,
  "ask-all": askAll,
  "ask-and-go": askAndGo,
  "edit-all": editAll,
};

/** Fewer than the cases prepare, so that confs come and go. */
const CONFS = 500;

/** Turns of the event loop after which a reply is taken for one that will never come. */
const PATIENCE = 50_000;

export class InProcess {
  readonly runner: Runner;
  readonly tokens: readonly number[];
  readonly #confs = new Map<number, StandingConf>();

  constructor() {
    // Lines are made and counted as ever, and go nowhere.
    const log = createLogger(
      { level: "info", format: "text" },
      { sink: { write: (bytes) => bytes.length, reopen() {}, close() {} } },
    );
    const registry = new PluginRegistry([], log);
    registry.replaceAdded(
      Object.entries(PLUGINS).map(([name, exports]) =>
        pluginFromModule({ default: exports.default }, name, "fuzz"),
      ),
    );
    this.runner = {
      registry,
      confs: new ConfCache({ expireTime: 3_600_000, limit: CONFS, log }),
      secrets: { env: [], files: [], environment: {} },
      log,
      store: new Stores(engineSource({ engine: "memory" }, { timeout: 200, memory: 2 ** 20 }, log)),
      strayErrors: new StrayErrors(log),
      timeout: 10_000,
      decodedBodyLimit: 2 ** 20,
    };
    this.tokens = standingConfs.map((conf) => {
      const prepared = prepareConf(conf, this.runner);
      if (!(prepared instanceof PreparedConf)) throw new Error("a standing conf is not ready");
      this.#confs.set(prepared.token, conf);
      return prepared.token;
    });
  }

  /** @returns how many whole frames the case had. @throws FuzzFailure, DifferenceError */
  async run(fuzzCase: FuzzCase): Promise<number> {
    for (const conf of standingConfs) this.runner.confs.touch(contentOf(conf));
    const model = new Model(this.#confs);
    const end = new Session(fuzzCase, model, this.runner, this.#tokenOf);
    try {
      return await end.play();
    } finally {
      await end.close();
    }
  }

  readonly #tokenOf = (call: PrepareConfCall): number | "refused" => {
    const { confs } = this.runner;
    const conf = confs.get(confs.tokenFor(contentOf(call)));
    if (conf === undefined) throw new FuzzFailure("a conf was answered that was not prepared");
    const isOfRequests = phaseOf(conf.route) === "request" || conf.route.key === "";
    return conf.refusals.length > 0 && isOfRequests ? "refused" : conf.token;
  };
}

class Session implements ByteSocket {
  readonly #connection: Connection;
  readonly #replies: RunnerReply[] = [];
  readonly #out = createFrameDecoder((type, payload) =>
    this.#replies.push(decodeReply(type, payload)),
  );
  /** The same bytes again, cut by the decoder into what the model is told. */
  readonly #in = createFrameDecoder((type, payload) => this.#taken(type, payload));
  #checked = 0;
  #frames = 0;
  #isPaused = false;
  #isBlocked = false;

  constructor(
    private readonly fuzzCase: FuzzCase,
    private readonly model: Model,
    runner: Runner,
    private readonly tokenOf: (call: PrepareConfCall) => number | "refused",
  ) {
    this.#connection = new Connection(this, runner);
  }

  async play(): Promise<number> {
    const { frames, writeBytes, answersAll } = this.fuzzCase;
    for (const sent of writeBytes > 0 ? frames : [Buffer.concat(frames)]) {
      for (const chunk of this.#chunks(sent)) await this.#feed(chunk);
      if (answersAll) await this.#answerAll();
    }
    await this.#settle(true);
    return this.#frames;
  }

  /** Goes away in whatever state the case has led to. @throws FuzzFailure where something stays */
  async close(): Promise<void> {
    this.#connection.closed();
    for (let turns = 0; askAll.underWay.calls > 0; turns++) {
      if (turns > PATIENCE) throw new FuzzFailure("a call goes on after its connection has gone");
      await new Promise(setImmediate);
    }
  }

  write(bytes: Uint8Array): number {
    const { writeBytes } = this.fuzzCase;
    if (this.#isBlocked) return 0;
    const taken = writeBytes === 0 ? bytes : bytes.subarray(0, writeBytes);
    this.#isBlocked = taken.length < bytes.length;
    this.#out.push(taken);
    return taken.length;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  end(): void {}

  /** Not in the middle of a frame, though: there it would be a part of that. */
  async #answerAll(): Promise<void> {
    while (this.model.openQuestions > 0 && this.#in.buffered === 0) await this.#feed(ANSWER);
  }

  *#chunks(bytes: Buffer): Iterable<Buffer> {
    const size = this.fuzzCase.readBytes || bytes.length;
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  async #feed(chunk: Buffer): Promise<void> {
    if (this.#isPaused) throw new FuzzFailure("reading was stopped though little waits");
    const { isAsking } = this.model;
    const frames = this.#frames;
    this.#in.push(chunk);
    this.#connection.data(Buffer.from(chunk));
    if (this.#frames > frames) await this.#settle(isAsking);
  }

  #taken(type: number, payload: Buffer): void {
    this.#frames++;
    this.model.take(type, payload);
  }

  /**
   * Lets all go on that can, and looks at what came out.
   *
   * @param mayMore something may come that should not, and not at once
   */
  async #settle(mayMore: boolean): Promise<void> {
    this.model.settle();
    const { expected } = this.model;
    for (let turns = 0; this.#replies.length < expected.length; turns++) {
      if (turns > PATIENCE) break;
      if (this.#isBlocked) {
        this.#isBlocked = false;
        this.#connection.drain();
      } else {
        await new Promise(setImmediate);
      }
    }
    if (mayMore) await new Promise(setImmediate);
    check(expected, this.#replies, this.#checked, this.tokenOf);
    this.#checked = this.#replies.length;
  }
}
