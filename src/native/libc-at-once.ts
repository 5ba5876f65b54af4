/** The C library without bun:ffi: that module takes a millisecond to load, and does no more here than to put arguments right. */
import type { FFIFunction, Pointer } from "bun:ffi";

/** glibc's name. musl answers to it too. */
const NAME = "libc.so.6";

/** Its functions take and return numbers; whoever gives an address sees to it that there is still something there. */
export interface Libc<Name extends string> {
  readonly symbols: Readonly<Record<Name, (...args: number[]) => number>>;
  /** Where in memory an array stands. */
  addressOf(array: Uint8Array): number;
  readUint32(address: number): number;
}

/**
 * @param functions that are wanted, as `dlopen` takes them
 * @returns undefined where there is no such library, or it lacks one of the functions
 */
export function libcAtOnce<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Libc<keyof Functions & string> | undefined {
  const { FFI } = Bun;
  const library = FFI?.dlopen(NAME, functions);
  if (FFI === undefined || library === undefined || library instanceof Error) return undefined;
  return {
    symbols: library.symbols,
    addressOf: (array) => FFI.ptr(array),
    readUint32: (address) => FFI.read.u32(address as Pointer, 0),
  };
}
