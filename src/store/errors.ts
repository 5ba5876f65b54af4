/** What operations of a store reject with. */

export type StoreEngine = "memory" | "sqlite" | "redis";

export type StoreOperation = "get" | "set" | "delete" | "increment" | "compareAndSet" | "take";

/**
 * The engine failed, or gave no answer within `store.timeout`. An operation that changes something may have been carried
 * out all the same: the answer may be what was lost. `cause` is what the engine said.
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";

  constructor(
    readonly engine: StoreEngine,
    readonly operation: StoreOperation,
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the store (${engine}) did not carry out ${operation}: ${reason}`, { cause });
  }
}

/** A key, a value or an option that no engine would take, or a value of the wrong kind under the key. */
export class StoreValueError extends Error {
  override readonly name = "StoreValueError";
}
