/** The operations of a store, under full keys: checks what comes in, and names what goes wrong. */
import { checkBy, checkKey, takeRequest, ttlOf } from "./arguments.ts";
import type { Engine, MaybePromise } from "./engine.ts";
import { type StoreOperation, StoreUnavailableError, StoreValueError } from "./errors.ts";
import type { Counter, Taken, TakeOptions, TtlOptions } from "./store.ts";
import { decode, encode } from "./values.ts";
import { takenOf } from "./window.ts";

export class Operations {
  constructor(private readonly engine: Engine) {}

  async get(prefix: string, key: string): Promise<unknown> {
    const at = prefix + checkKey(key);
    const text = await this.#run("get", (engine) => engine.get(at));
    return text === undefined ? undefined : decode(text);
  }

  async set(prefix: string, key: string, value: unknown, options?: TtlOptions): Promise<void> {
    const at = prefix + checkKey(key);
    const text = encode(value);
    const ttl = ttlOf(options);
    await this.#run("set", (engine) => engine.set(at, text, ttl));
  }

  async delete(prefix: string, key: string): Promise<boolean> {
    const at = prefix + checkKey(key);
    return this.#run("delete", (engine) => engine.delete(at));
  }

  async increment(prefix: string, key: string, by: number, options?: TtlOptions): Promise<Counter> {
    const at = prefix + checkKey(key);
    const amount = checkBy(by);
    const ttl = ttlOf(options);
    return this.#run("increment", (engine) => engine.increment(at, amount, ttl));
  }

  async compareAndSet(
    prefix: string,
    key: string,
    [expected, next]: readonly [unknown, unknown],
    options?: TtlOptions,
  ): Promise<boolean> {
    const at = prefix + checkKey(key);
    const change = {
      expected: expected === undefined ? undefined : encode(expected),
      next: next === undefined ? undefined : encode(next),
      ttl: ttlOf(options),
    };
    return this.#run("compareAndSet", (engine) => engine.compareAndSet(at, change));
  }

  async take(prefix: string, key: string, options: TakeOptions): Promise<Taken> {
    const at = prefix + checkKey(key);
    const request = takeRequest(options);
    return takenOf(await this.#run("take", (engine) => engine.take(at, request)), request);
  }

  close(): void {
    this.engine.close();
  }

  async #run<T>(operation: StoreOperation, work: (engine: Engine) => MaybePromise<T>): Promise<T> {
    const { engine } = this;
    try {
      return await work(engine);
    } catch (error) {
      if (error instanceof StoreValueError) throw error;
      throw new StoreUnavailableError(engine.name, operation, error);
    }
  }
}
