/** Brings the connections to rest, so that another process image can go on with them. */
import type { Connection } from "./connection.ts";
import type { OwnConnections, Transferable, TransferableSocket } from "./handover/estate.ts";

/** No call is under way, and what clients send waits in the kernel. */
export interface Standstill {
  /** Descriptors. */
  readonly connections: readonly number[];
  /** Goes on serving. */
  end(): void;
}

const LOOK_EVERY_MS = 1;

/**
 * Answers the calls that are under way and begins no other.
 *
 * @param patience ms that calls may be kept waiting
 * @returns undefined where one took longer; then all goes on as before
 */
export async function standStill(
  own: OwnConnections,
  connections: ReadonlyMap<Connection, TransferableSocket>,
  patience: number,
): Promise<Standstill | undefined> {
  const held: Transferable[] = [];
  const hold = (): void => void held.push(...own.takeIdle(Infinity));
  const end = (): void => {
    own.onOpened = undefined;
    for (const connection of held.splice(0)) connection.kept();
  };
  const latest = performance.now() + patience;
  // One that opens meanwhile must not have its first call read.
  own.onOpened = hold;
  for (;;) {
    hold();
    if ([...connections.keys()].every((connection) => own.isLeaving(connection))) break;
    if (performance.now() >= latest) {
      end();
      return undefined;
    }
    await Bun.sleep(LOOK_EVERY_MS);
  }
  // Not those that were taken: a client may have gone since, and its descriptor be another's.
  const descriptors = Array.from(connections.values(), ({ fd }) => fd).filter((fd) => fd >= 0);
  return { connections: descriptors, end };
}
