/** Who has the connections that a listener accepts. */
import type { IdleConnections } from "./handover/estate.ts";

/** @typeParam Data what hangs on a connection's socket */
export interface Keeper<Data> extends IdleConnections {
  /** How many there are. */
  readonly count: number;
  /** On how many of them something is under way. */
  readonly busy: number;
  /** Takes in what the listener accepts. */
  readonly handler: Bun.SocketHandler<Data>;
  /** Rejects where the descriptor is of no use; then it stays open, and the caller's. */
  adopt(descriptor: number): Promise<void>;
  /** Closes those that have been idle for a while. */
  closeIdle(): void;
  /** The process is about to end: no call is begun that could not be answered, and responses under way fail. */
  end(): void;
}
