/**
 * Memory for large bodies that stays the process's between them.
 *
 * What is taken from Bun's allocator goes back to the system within 50 ms of being freed, and to have the system
 * map it again takes the time of copying a body many times over: on a virtual machine 11 µs for each 4 kB. The C library keeps
 * what is freed on its heap, if it is told to, until it is told to give it back.
 */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { openLibc } from "./libc.ts";

const HEAP = {
  malloc: { args: ["usize"], returns: "ptr" },
  free: { args: ["ptr"], returns: "void" },
  mallopt: { args: ["i32", "i32"], returns: "i32" },
  malloc_trim: { args: ["usize"], returns: "i32" },
} as const;

/** Parameters of mallopt(3). */
const TRIM_THRESHOLD = -1;
const MMAP_THRESHOLD = -3;

/** Bytes; the largest that glibc takes. Larger blocks are mapped for themselves. */
const MAX_ON_HEAP = 32 * 2 ** 20;

/** Bytes at the end of the heap that may be unused: any number. */
const UNBOUNDED = 2 ** 31 - 1;

export interface WarmMemory {
  /** Memory with anything in it; undefined where there is none left. It is freed as any other `ArrayBuffer` is. */
  allocate(size: number): ArrayBuffer | undefined;
  /** Gives back to the system what is not in use. */
  trim(): void;
}

/** The documented call, which the types do not have: with the function that frees the memory. */
type ToOwnedArrayBuffer = (
  memory: Pointer | bigint,
  offset: number,
  size: number,
  context: Pointer | bigint,
  free: Pointer,
) => ArrayBuffer;

/** @returns undefined where the C library has no heap of this kind: musl, macOS */
export function openWarmMemory(): WarmMemory | undefined {
  try {
    const { malloc, mallopt, malloc_trim, free } = openLibc(HEAP);
    // Where the function itself is, which the types do not have either.
    const { ptr: freeAt } = free as { readonly ptr?: Pointer };
    if (freeAt === undefined) return undefined;
    mallopt(MMAP_THRESHOLD, MAX_ON_HEAP);
    mallopt(TRIM_THRESHOLD, UNBOUNDED);
    const toOwned = toArrayBuffer as ToOwnedArrayBuffer;
    return {
      allocate(size) {
        const memory = malloc(size);
        // free(3) takes one argument, and is called with a second, the context, which it does not look at.
        return memory === null ? undefined : toOwned(memory, 0, size, memory, freeAt);
      },
      trim: () => void malloc_trim(0),
    };
  } catch {
    return undefined;
  }
}
