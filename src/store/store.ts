/** The small key-value store that hooks are given: its shape, for those who use it. */

/** What JSON holds, and so a store. */
export type StoreValue =
  | string
  | number
  | boolean
  | null
  | readonly StoreValue[]
  | { readonly [name: string]: StoreValue };

/** `T` where JSON holds it, `never` where it does not; unlike {@link StoreValue} it lets interfaces in. */
export type Storable<T> = T extends StoreValue
  ? T
  : T extends NoValue
    ? never
    : { [Key in keyof T]: Storable<T[Key]> };

type NoValue =
  | undefined
  | bigint
  | symbol
  | Date
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBuffer
  | ArrayBufferView
  | ((...args: never) => unknown);

export interface TtlOptions {
  /** How long the value is kept, in ms: above 0, rounded up to whole ms, at most 100 years. Default: until it is deleted. */
  readonly ttl?: number | undefined;
}

/** A number that {@link Store.increment} counts. */
export interface Counter {
  readonly value: number;
  /** ms until it is gone and counting begins at 0 again; undefined: it has no `ttl`. */
  readonly expiresIn: number | undefined;
}

export interface TakeOptions {
  /** How much may be taken in a window: a whole number from 1. */
  readonly limit: number;
  /** How long a window is, in ms: above 0, rounded up to whole ms, at most 100 years. */
  readonly window: number;
  /**
   * `false` (default): the window begins with the first that is taken, and all of the limit is back when it
   * ends. `true`: what was taken in the window before counts too, by the share of it that the last
   * `window` ms still cover.
   */
  readonly sliding?: boolean | undefined;
  /** How much to take: a whole number; default 1. 0 takes nothing and tells what is left. */
  readonly by?: number | undefined;
}

/** What came of {@link Store.take}. */
export interface Taken {
  /** Whether it was taken. What was not leaves everything as it is. */
  readonly allowed: boolean;
  /** How much is left, rounded down. */
  readonly remaining: number;
  /** ms until all of the limit is left again if nothing more is taken; 0: it is. */
  readonly resetIn: number;
  /** ms until as much could be taken if nobody else takes any; 0 where it was, `Infinity` where `by` is above the limit. */
  readonly retryIn: number;
}

/**
 * Values under keys, shared by all calls, routes and confs of one plugin, and with the engines `sqlite` and `redis` by all
 * processes and hosts that name the same one. Which engine it is, `store.url` of the configuration says. No plugin sees another's keys.
 *
 * - A key is a string of 1 byte to 16 KiB (UTF-8): whatever a header can hold fits.
 * - A value is what JSON holds: strings, finite numbers, booleans, null, arrays and plain objects of these, nested up to
 *   64 deep, up to 1 MiB as JSON. Numbers keep all of their 64 bits, but that -0 becomes 0. Properties that are undefined are left
 *   out, and the order of properties is not kept. Each `get` gives a copy of its own.
 * - Each operation is atomic, over all processes. Those begun in one tick travel to Redis together, in the order in which they were begun.
 *
 * Every method rejects with {@link StoreUnavailableError} where the engine fails or gives no answer within `store.timeout`, and with
 * {@link StoreValueError} for keys, values and options that are none.
 */
export interface Store {
  /**
   * The value, or undefined where there is none (any more).
   *
   * `T` is the plugin's own word for what it put there: it is not checked.
   */
  get<T = StoreValue>(key: string): Promise<T | undefined>;

  /** Puts a value in the place of whatever was there, `ttl` included. */
  set<T>(key: string, value: T & Storable<T>, options?: TtlOptions): Promise<void>;

  /** @returns whether there was a value */
  delete(key: string): Promise<boolean>;

  /**
   * Adds to a number; where there is none it begins at 0. `ttl` counts from that beginning: to add more does not prolong it.
   *
   * @param by a whole number from -(2⁵³ - 1) to 2⁵³ - 1, also negative; default 1
   * @throws StoreValueError (rejects with it, and leaves the value as it is) where the value is no whole number,
   * or would leave that range, in which every number is exact
   */
  increment(key: string, by?: number, options?: TtlOptions): Promise<Counter>;

  /**
   * Puts a value there if the present one is as expected. `undefined` stands for none: expected so, the value is set only where
   * there is none; as the next, what is there is deleted. Equal is what is equal as JSON, in whatever order properties are.
   *
   * @returns whether it was as expected, and has been changed
   * @example
   * ```ts
   * const isFirst = await store.compareAndSet(deliveryId, undefined, true, { ttl: 300_000 });
   * ```
   */
  compareAndSet<Expected, Next>(
    key: string,
    expected: (Expected & Storable<Expected>) | undefined,
    next: (Next & Storable<Next>) | undefined,
    options?: TtlOptions,
  ): Promise<boolean>;

  /**
   * Takes from what a window of time allows, or finds that it does not: in one step and, on Redis, in one round trip, by the engine's
   * clock. What it keeps under the key is an array of three numbers; `delete` gives all of the limit back.
   *
   * @example
   * ```ts
   * const { allowed, retryIn } = await store.take(request.ip, { limit: 100, window: 60_000 });
   * if (!allowed) {
   *   return stop("slow down\n", {
   *     status: 429,
   *     headers: { "retry-after": String(Math.ceil(retryIn / 1000)) },
   *   });
   * }
   * ```
   */
  take(key: string, options: TakeOptions): Promise<Taken>;

  /** Keys of their own within these, for a part of the plugin, or a route: `store.scope(route.key)`. */
  scope(name: string): Store;
}
