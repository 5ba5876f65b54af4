/** The C library without bun:ffi: that module takes a millisecond to load, and does no more here than to put arguments right. */
import type { FFIFunction } from "bun:ffi";
import { libcNames } from "./libc-names.ts";

/** Its functions take and return numbers; whoever gives an address sees to it that there is still something there. */
export interface Libc<Name extends string> {
  readonly symbols: Readonly<Record<Name, (...args: number[]) => number>>;
  /** Where in memory an array stands. */
  addressOf(array: Uint8Array): number;
  readInt32(address: number): number;
}

/**
 * @param functions that are wanted, as `dlopen` takes them
 * @returns undefined where it is found under none of its names, or lacks one of the functions
 */
export function libcAtOnce<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Libc<keyof Functions & string> | undefined {
  const { FFI } = Bun;
  if (FFI === undefined) return undefined;
  for (const name of libcNames()) {
    const library = FFI.dlopen(name, functions);
    if (library instanceof Error) continue;
    return {
      symbols: library.symbols,
      addressOf: (array) => FFI.ptr(array),
      readInt32: (address) => FFI.read.i32(address as Parameters<typeof FFI.read.i32>[0], 0),
    };
  }
  return undefined;
}
