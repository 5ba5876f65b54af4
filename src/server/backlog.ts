/** How many connections may wait to be accepted: Bun asks for 512, and the next client is refused at once. */
import { dlopen } from "bun:ffi";
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
    const { listen } = openLibc().symbols;
    if (listen(descriptor, BACKLOG) !== 0) throw new Error(`listen(${descriptor}) failed`);
    log.debug("as many connections may wait to be accepted as the system allows");
  } catch (error) {
    log.debug("no more than 512 connections can wait to be accepted", { error });
  }
}

/** @throws where no C library is found under the names it has */
function openLibc() {
  const problems: unknown[] = [];
  for (const name of libcNames()) {
    try {
      return dlopen(name, LISTEN);
    } catch (error) {
      problems.push(error);
    }
  }
  throw new AggregateError(problems, `no C library for ${process.platform} ${process.arch}`);
}

/** glibc first, then musl. */
function libcNames(): readonly string[] {
  if (process.platform === "darwin") return ["libSystem.B.dylib"];
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${arch}.so.1`];
}
