/** A plugin with its config and state on one route: made once per conf, shared by its calls. */
import type { Logger } from "../log/logger.ts";
import type { Store } from "../store/store.ts";
import type { StoreSource } from "../store/stores.ts";
import { board } from "../watchdog/board.ts";
import { InvalidConfError, parseConf, validateConf } from "./conf.ts";
import type { SetupContext } from "./definition.ts";
import { canonicalName } from "./exports.ts";
import type { Plugin } from "./plugin.ts";
import type { Route } from "./route.ts";
import {
  areCurrent,
  resolveSecrets,
  type Secret,
  type SecretSources,
  type UsedSecrets,
} from "./secrets.ts";

/** A `setup` that failed is tried again after 1 s, then 2, 4 … up to this. */
const MAX_RETRY_MS = 30_000;

type Status =
  | { readonly is: "ready" }
  | { readonly is: "pending"; readonly done: Promise<void> }
  /** For good: the conf itself is wrong. */
  | { readonly is: "invalid"; readonly error: Error }
  | { readonly is: "failed"; readonly error: Error; readonly retryAt: number };

export class PreparedPlugin {
  config: unknown;
  state: unknown;
  readonly log: Logger;
  #status: Status = { is: "ready" };
  #failures = 0;
  #disposed = false;
  /** Most confs have none. */
  #secrets: UsedSecrets | undefined;
  #store: Store | undefined;

  constructor(
    readonly plugin: Plugin,
    readonly route: Route,
    log: Logger,
    private readonly stores: StoreSource,
  ) {
    this.log = log.with({ plugin: plugin.name, route: route.key });
    plugin.lease?.acquire();
  }

  /**
   * Checks the conf and starts `setup`; what is asynchronous of it goes on after the return.
   *
   * @throws InvalidConfError where the conf is wrong and that can be seen at once
   */
  prepare(value: string, secrets: SecretSources): void {
    const used = new Map<string, Secret>();
    const conf = resolveSecrets(parseConf(value), secrets, used);
    if (used.size > 0) this.#secrets = used;
    const config = validateConf(this.plugin.config, conf);
    if (config instanceof Promise) {
      this.#pend(config.then((settled) => this.#setUp(settled)));
    } else {
      this.#begin(config);
    }
  }

  /** Whether the secrets of its conf are what they were when it was prepared. */
  hasCurrentSecrets(sources: SecretSources): boolean {
    return this.#secrets === undefined || areCurrent(this.#secrets, sources);
  }

  /** The plugin's part of the store, whichever route asks. */
  get store(): Store {
    return (this.#store ??= this.stores.for(canonicalName(this.plugin.name)));
  }

  get isReady(): boolean {
    return this.#status.is === "ready";
  }

  /**
   * Resolves when the plugin can be called. A `setup` that failed is started again here, once its
   * time has come.
   *
   * @throws what keeps it from being called (or rejects with it)
   */
  ready(): Promise<void> | undefined {
    const status = this.#status;
    switch (status.is) {
      case "ready":
        return undefined;
      case "pending":
        return status.done;
      case "invalid":
        throw status.error;
      case "failed":
        if (Date.now() < status.retryAt) throw status.error;
        this.#begin(this.config);
        return this.ready();
    }
  }

  /** Ends the state, when no call needs it any more, and with it the use of the plugin. */
  dispose(): void {
    this.#disposed = true;
    if (this.#status.is !== "pending") void this.#disposeState();
  }

  #begin(config: unknown): void {
    try {
      const done = this.#setUp(config);
      if (done === undefined) this.#status = { is: "ready" };
      else this.#pend(done);
    } catch (error) {
      this.#fail(error);
    }
  }

  #setUp(config: unknown): Promise<void> | undefined {
    this.config = config;
    if (this.plugin.setup === undefined) return undefined;
    const state = this.#callSetup(this.plugin.setup, config);
    if (state instanceof Promise) {
      const place = board.wait(this);
      return state
        .then((settled) => {
          this.state = settled;
        })
        .finally(() => board.done(place));
    }
    this.state = state;
    return undefined;
  }

  /** One that does not return is found by what stands on the board. */
  /** The store is made when it is first read: few plugins have a use for it. */
  #setupContext(): SetupContext {
    const step = this;
    return {
      log: this.log,
      route: this.route,
      get store() {
        return step.store;
      },
    };
  }

  #callSetup(setup: NonNullable<Plugin["setup"]>, config: unknown): unknown {
    board.enterSetup(this);
    try {
      return setup(config, this.#setupContext());
    } finally {
      board.leave();
    }
  }

  #pend(work: Promise<void>): void {
    const done = work.then(
      () => {
        this.#status = { is: "ready" };
        this.#failures = 0;
        if (this.#disposed) void this.#disposeState();
      },
      (error: unknown) => {
        if (this.#disposed) void this.#disposeState();
        throw this.#fail(error);
      },
    );
    // Calls that wait see the rejection; where none does, it has been logged.
    done.catch(() => undefined);
    this.#status = { is: "pending", done };
  }

  #fail(cause: unknown): Error {
    if (cause instanceof InvalidConfError) {
      this.#status = { is: "invalid", error: cause };
      this.log.error("conf is not valid: its routes fail until it is mended", { error: cause });
      return cause;
    }
    const delay = Math.min(1000 * 2 ** this.#failures++, MAX_RETRY_MS);
    const error = new Error(`setup failed, next try in ${delay / 1000} s`, { cause });
    this.#status = { is: "failed", error, retryAt: Date.now() + delay };
    this.log.error(`setup failed: its routes fail, next try in ${delay / 1000} s`, {
      error: cause,
    });
    return error;
  }

  async #disposeState(): Promise<void> {
    const { state } = this;
    this.state = undefined;
    try {
      if (typeof state !== "object" || state === null) return;
      if (Symbol.asyncDispose in state) await (state as AsyncDisposable)[Symbol.asyncDispose]();
      else if (Symbol.dispose in state) (state as Disposable)[Symbol.dispose]();
    } catch (error) {
      this.log.error("dispose failed", { error });
    } finally {
      this.plugin.lease?.release();
    }
  }
}
