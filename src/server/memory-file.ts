/** A file without a name, in memory: what is in it reaches the next process image, and nobody else. */
import { ptr } from "bun:ffi";
import { openLibc } from "../native/libc.ts";

const MEMFD = { memfd_create: { args: ["ptr", "u32"], returns: "i32" } } as const;

/**
 * @returns its descriptor, which the next image inherits
 * @throws where the system has no such files
 */
export function openMemoryFile(): number {
  const name = Buffer.from("apisix-bun-runner\0");
  const file = openLibc(MEMFD).memfd_create(ptr(name), 0);
  if (file < 0) throw new Error("memfd_create failed");
  return file;
}
