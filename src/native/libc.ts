/** The C library, for the few system calls that Bun has no call of its own for. */
import { dlopen, type FFIFunction, type Library } from "bun:ffi";

/**
 * Loads it, which takes about a millisecond: late, and off the way to the first call.
 *
 * @param functions that are wanted, as `dlopen` takes them
 * @throws AggregateError where it is found under none of its names, or lacks one of the functions
 */
export function openLibc<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Library<Functions>["symbols"] {
  const problems: unknown[] = [];
  for (const name of names()) {
    try {
      return dlopen(name, functions).symbols;
    } catch (error) {
      problems.push(error);
    }
  }
  throw new AggregateError(problems, `no C library for ${process.platform} ${process.arch}`);
}

/** glibc first, then musl. */
function names(): readonly string[] {
  if (process.platform === "darwin") return ["libSystem.B.dylib"];
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${arch}.so.1`];
}
