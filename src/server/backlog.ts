/** How many connections may wait to be accepted: Bun asks for 512, and the next client is refused at once. */
import { openLibc } from "../native/libc.ts";
import type { Runner } from "../rpc/runner.ts";

/** The kernel cuts it down to `net.core.somaxconn` (4096 by default), or to `kern.ipc.somaxconn`. */
const BACKLOG = 65_535;

const LISTEN = { listen: { args: ["i32", "i32"], returns: "i32" } } as const;

/**
 * Calls `listen` again on a socket that listens already, which does no more than change its limit.
 * Where that cannot be done the limit stays as it was, and the log says so at level debug.
 */
export function raiseBacklog(descriptor: number, log: Runner["log"]): void {
  try {
    const { listen } = openLibc(LISTEN);
    if (listen(descriptor, BACKLOG) !== 0) throw new Error(`listen(${descriptor}) failed`);
    log.debug("as many connections may wait to be accepted as the system allows");
  } catch (error) {
    log.debug("no more than 512 connections can wait to be accepted", { error });
  }
}
