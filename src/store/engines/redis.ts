/** The engine `redis`: one server for all gateway hosts. */
import type { Change, Engine } from "../engine.ts";
import type { Counter } from "../store.ts";
import type { TakeRequest, WindowUse } from "../window.ts";
import { notANumber, notAWindow, outOfRange } from "./refusals.ts";
import { isReply, RedisConnection, type RedisOptions } from "./redis-connection.ts";
import { COMPARE_AND_SET, INCREMENT, TAKE } from "./redis-scripts.ts";

/** Before every key, so that others can use the same database. */
const PREFIX = "apisix-bun-runner:";

export class RedisEngine implements Engine {
  readonly name = "redis";
  readonly #connection: RedisConnection;
  readonly #increment = script(INCREMENT);
  readonly #compareAndSet = script(COMPARE_AND_SET);
  readonly #take = script(TAKE);

  constructor(options: RedisOptions) {
    this.#connection = new RedisConnection(options);
  }

  async get(key: string): Promise<string | undefined> {
    const value = await this.#connection.send("GET", [PREFIX + key]);
    return typeof value === "string" ? value : undefined;
  }

  async set(key: string, value: string, ttl: number | undefined): Promise<void> {
    const expiry = ttl === undefined ? [] : ["PX", String(ttl)];
    await this.#connection.send("SET", [PREFIX + key, value, ...expiry]);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#connection.send("DEL", [PREFIX + key])) === 1;
  }

  async increment(key: string, by: number, ttl: number | undefined): Promise<Counter> {
    const [value, pttl] = await this.#run(this.#increment, key, [String(by), String(ttl ?? "")]);
    return { value: Number(value), expiresIn: Number(pttl) < 0 ? undefined : Number(pttl) };
  }

  async compareAndSet(key: string, { expected, next, ttl }: Change): Promise<boolean> {
    const args = [...optional(expected), ...optional(next), String(ttl ?? "")];
    const [changed] = await this.#run(this.#compareAndSet, key, args);
    return changed === 1;
  }

  async take(key: string, { limit, window, sliding, by }: TakeRequest): Promise<WindowUse> {
    const args = [String(limit), String(window), sliding ? "1" : "0", String(by)];
    const [allowed, ...numbers] = await this.#run(this.#take, key, args);
    const [taken = 0, before = 0, elapsed = 0] = numbers.map(Number);
    return { allowed: allowed === 1, taken, before, elapsed };
  }

  close(): void {
    this.#connection.close();
  }

  /** By its hash. A server that does not know it, after a restart or a flush, is sent the whole. */
  async #run({ sha1, text }: Script, key: string, args: readonly string[]): Promise<unknown[]> {
    const rest = ["1", PREFIX + key, ...args];
    let reply: unknown;
    try {
      reply = await this.#connection.send("EVALSHA", [sha1, ...rest]);
    } catch (error) {
      if (!isReply(error) || !error.message.startsWith("NOSCRIPT")) throw error;
      reply = await this.#connection.send("EVAL", [text, ...rest]);
    }
    if (typeof reply === "string") throw refusal(reply);
    return Array.isArray(reply) ? reply : [reply];
  }
}

interface Script {
  readonly text: string;
  readonly sha1: string;
}

function script(text: string): Script {
  return { text, sha1: new Bun.CryptoHasher("sha1").update(text).digest("hex") };
}

/** Two arguments: whether there is one, and which. */
function optional(value: string | undefined): [string, string] {
  return value === undefined ? ["0", ""] : ["1", value];
}

function refusal(word: string): Error {
  if (word === "NOT_A_NUMBER") return notANumber();
  return word === "OUT_OF_RANGE" ? outOfRange() : notAWindow();
}
