/** What the module bun:ffi is made of, and bun-types does not say. */
import type { FFIFunction, Pointer, read } from "bun:ffi";

declare module "bun" {
  const FFI:
    | {
        /** Does not throw: what there is against it is returned. The functions take numbers alone. */
        dlopen<Functions extends Record<string, FFIFunction>>(
          name: string,
          functions: Functions,
        ): { symbols: Record<keyof Functions, (...args: number[]) => number> } | Error;
        ptr(view: ArrayBufferView): Pointer;
        readonly read: typeof read;
      }
    | undefined;
}
