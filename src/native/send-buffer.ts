/**
 * How much the kernel takes of what a socket sends before its reader reads: 200 kB, mostly, so that a body of 1 MB goes out
 * in five parts, and each waits for a turn of the event loop.
 */
import { ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const LIBC = {
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
} as const;

/** Of Linux, on all architectures that Bun runs on. */
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;

type SetSocketOption = ReturnType<typeof openLibc<typeof LIBC>>["setsockopt"];

/** The option's value: the kernel reads it from here, so it has to stay. */
const value = new Int32Array(1);

/** Null where there is none. */
let setSocketOption: SetSocketOption | null | undefined;

/**
 * Has the kernel take more. It takes what `net.core.wmem_max` allows where that is less, and counts its own needs in, for
 * which it doubles the number: see socket(7).
 *
 * @param descriptor of a socket
 * @returns whether it does; on Linux only
 */
export function enlargeSendBuffer(descriptor: number, bytes: number): boolean {
  setSocketOption ??= openSetSocketOption();
  if (setSocketOption === null) return false;
  value[0] = bytes;
  return setSocketOption(descriptor, SOL_SOCKET, SO_SNDBUF, ptr(value), value.byteLength) === 0;
}

function openSetSocketOption(): SetSocketOption | null {
  if (process.platform !== "linux") return null;
  try {
    return openLibc(LIBC).setsockopt;
  } catch {
    return null;
  }
}
