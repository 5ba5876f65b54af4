/** The system calls that supervisors and workers need, and Bun has no calls for. Linux only. */
import { ptr } from "bun:ffi";
import { openLibc } from "../native/libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2_000_000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

const PAIRS = {
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
} as const;

const CHILD = {
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  getppid: { args: [], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const;

/** Makes pairs of connected sockets, which no child inherits unless it is given one. */
export function socketPairs(): () => readonly [number, number] {
  const { socketpair } = openLibc(PAIRS);
  return () => {
    const pair = new Int32Array(new ArrayBuffer(8));
    const kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (socketpair(AF_UNIX, kind, 0, ptr(pair)) !== 0) {
      throw new Error("no pair of sockets is to be had: too many descriptors are open");
    }
    const [one = -1, other = -1] = pair;
    return [one, other];
  };
}

/**
 * The kernel kills this process when its parent dies, however that comes about and whatever runs here.
 * It counts for this image: the one that replaces it has to say so again.
 */
export function dieWithParent(parent: number): void {
  const { prctl, getppid } = openLibc(CHILD);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n);
  // It may have died before it was said.
  if (getppid() !== parent) process.kill(process.pid, "SIGKILL");
}

/** What plugins start must not keep these open. */
export function keepFromChildren(descriptors: readonly number[]): void {
  const { fcntl } = openLibc(CHILD);
  for (const descriptor of descriptors) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}
