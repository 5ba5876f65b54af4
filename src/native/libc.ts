/** The C library, for the few system calls that Bun has no call of its own for. */
import { dlopen, type FFIFunction, type Library } from "bun:ffi";
import { libcNames } from "./libc-names.ts";

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
  for (const name of libcNames()) {
    try {
      return dlopen(name, functions).symbols;
    } catch (error) {
      problems.push(error);
    }
  }
  throw new AggregateError(problems, `no C library for ${process.platform} ${process.arch}`);
}
