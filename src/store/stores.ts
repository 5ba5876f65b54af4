/** One store, a part of it for each plugin. What it takes beyond that is loaded when it is first used. */
import {
  type StoreEngine,
  type StoreOperation,
  StoreUnavailableError,
  StoreValueError,
} from "./errors.ts";
import type { Engine, MaybePromise } from "./engine.ts";
import type { Operations } from "./operations.ts";
import type { Counter, Store, Taken, TakeOptions, TtlOptions } from "./store.ts";

/** Opens the engine, or throws what keeps it from being opened. */
export interface EngineSource {
  readonly name: StoreEngine;
  /** Counts from the next operation on. */
  configure(limits: StoreLimits): void;
  open(): MaybePromise<Engine>;
}

export interface StoreLimits {
  /** ms that an operation may take */
  readonly timeout: number;
  /** Bytes that the engine `memory` may take, about. */
  readonly memory: number;
}

/** Where plugins find their part. */
export interface StoreSource {
  /** @param plugin its name in common form */
  for(plugin: string): Store;
}

export class Stores implements StoreSource {
  #operations: Operations | Promise<Operations> | undefined;
  #isClosed = false;

  constructor(private readonly source: EngineSource) {}

  configure(limits: StoreLimits): void {
    this.source.configure(limits);
  }

  for(plugin: string): Store {
    return new PluginStore(this, segment(plugin));
  }

  /** What carries out operations; opened with the first of them, and again with the next where that failed. */
  operations(wanted: StoreOperation): Operations | Promise<Operations> {
    this.#operations ??= this.#open();
    if (!(this.#operations instanceof Promise)) return this.#operations;
    return this.#operations.catch((error: unknown) => {
      throw new StoreUnavailableError(this.source.name, wanted, error);
    });
  }

  /** Ends the engine; operations fail from here on. */
  close(): void {
    this.#isClosed = true;
    const operations = this.#operations;
    this.#operations = undefined;
    if (operations instanceof Promise)
      void operations.then(
        (opened) => opened.close(),
        () => {},
      );
    else operations?.close();
  }

  async #open(): Promise<Operations> {
    try {
      if (this.#isClosed) throw new Error("the runner is stopping");
      const { Operations } = await import("./operations.ts");
      const operations = new Operations(await this.source.open());
      if (!this.#isClosed) this.#operations = operations;
      return operations;
    } catch (error) {
      this.#operations = undefined;
      throw error;
    }
  }
}

/** Frozen, as calls share it: what one of them hung on it would reach the others. */
export class PluginStore implements Store {
  readonly #stores: Stores;
  /** Segments, each escaped, so that no key of one path is a key of another. */
  readonly #path: string;

  /** @internal */
  constructor(stores: Stores, path: string) {
    this.#stores = stores;
    this.#path = path;
    Object.freeze(this);
  }

  async get<T>(key: string): Promise<T | undefined> {
    return (await this.#run("get", (opened) => opened.get(this.#prefix, key))) as T | undefined;
  }

  async set(key: string, value: unknown, options?: TtlOptions): Promise<void> {
    return this.#run("set", (opened) => opened.set(this.#prefix, key, value, options));
  }

  async delete(key: string): Promise<boolean> {
    return this.#run("delete", (opened) => opened.delete(this.#prefix, key));
  }

  async increment(key: string, by = 1, options?: TtlOptions): Promise<Counter> {
    return this.#run("increment", (opened) => opened.increment(this.#prefix, key, by, options));
  }

  async compareAndSet(
    key: string,
    expected: unknown,
    next: unknown,
    options?: TtlOptions,
  ): Promise<boolean> {
    return this.#run("compareAndSet", (opened) =>
      opened.compareAndSet(this.#prefix, key, [expected, next], options),
    );
  }

  async take(key: string, options: TakeOptions): Promise<Taken> {
    return this.#run("take", (opened) => opened.take(this.#prefix, key, options));
  }

  scope(name: string): Store {
    return new PluginStore(this.#stores, `${this.#path}/${segment(name)}`);
  }

  get #prefix(): string {
    return `${this.#path}:`;
  }

  /** At once where the engine is open: what is begun in one tick can then travel together. */
  #run<T>(operation: StoreOperation, work: (opened: Operations) => Promise<T>): Promise<T> {
    const operations = this.#stores.operations(operation);
    return operations instanceof Promise ? operations.then(work) : work(operations);
  }
}

/** Without `/` and `:`, which part segments from each other and from the key. */
function segment(name: string): string {
  if (typeof name === "string" && name !== "" && name.isWellFormed()) {
    return encodeURIComponent(name);
  }
  throw new StoreValueError("the name of a scope is empty or no well-formed string");
}
