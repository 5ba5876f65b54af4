/**
 * Files by the C library, on Linux: half a millisecond after they are asked for, where node:fs takes three, an eighth of a
 * start. Who needs words for what has failed asks node:fs again.
 */
import { libcAtOnce } from "../native/libc-at-once.ts";
import type { FileStatus, Files } from "./files.ts";

const FUNCTIONS = {
  statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
  open: { args: ["ptr", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  rename: { args: ["ptr", "ptr"], returns: "i32" },
  unlink: { args: ["ptr"], returns: "i32" },
  lchown: { args: ["ptr", "i32", "i32"], returns: "i32" },
  chmod: { args: ["ptr", "u32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** From Linux's headers: the same on all processors that Bun runs on. */
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC_STATS = 0x7ff;
const O_CLOEXEC = 0o2000000;
const ENOENT = 2;

/** Bytes; with the zero at its end. */
const MAX_PATH_BYTES = 4096;

/** Where things lie in the memory that the functions are given: two paths, a `struct statx`, what is read. */
const OTHER_PATH = MAX_PATH_BYTES;
const STATUS = OTHER_PATH + MAX_PATH_BYTES;
const STATUS_BYTES = 256;
const TEXT = STATUS + STATUS_BYTES;
const TEXT_BYTES = 4096;

/** @returns undefined on other systems, and where the library has no `statx`, as musl before 1.2.5 */
export function libcFiles(): Files | undefined {
  const libc = process.platform === "linux" ? libcAtOnce(FUNCTIONS) : undefined;
  if (libc === undefined) return undefined;
  const c = libc.symbols;
  const memory = new Uint8Array(TEXT + TEXT_BYTES);
  const status = new Uint32Array(memory.buffer, STATUS, STATUS_BYTES / 4);
  const address = libc.addressOf(memory);
  const errno = c.__errno_location();

  /** @returns the address where a function finds the path */
  const at = (path: string, offset = 0): number => {
    if (path.length >= MAX_PATH_BYTES) throw new Error(`too long: ${path}`);
    for (let i = 0; i < path.length; i++) {
      const code = path.charCodeAt(i);
      if (code === 0 || code > 0x7f) throw new Error(`not of ASCII's characters: ${path}`);
      memory[offset + i] = code;
    }
    memory[offset + path.length] = 0;
    return address + offset;
  };
  const done = (result: number): number => {
    if (result < 0) throw new Error(`a system call failed with errno ${libc.readInt32(errno)}`);
    return result;
  };
  const statusOf = (path: string, flags: number): FileStatus | undefined => {
    const result = c.statx(AT_FDCWD, at(path), flags, STATX_BASIC_STATS, address + STATUS);
    if (result < 0 && libc.readInt32(errno) === ENOENT) return undefined;
    done(result);
    return decodeStatus(status);
  };
  return {
    status: (path) => statusOf(path, 0),
    linkStatus: (path) => statusOf(path, AT_SYMLINK_NOFOLLOW),
    readText(path) {
      const descriptor = done(c.open(at(path), O_CLOEXEC));
      try {
        const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
        let text = "";
        for (;;) {
          const bytes = done(c.read(descriptor, address + TEXT, TEXT_BYTES));
          if (bytes === 0) return text + decoder.decode();
          text += decoder.decode(memory.subarray(TEXT, TEXT + bytes), { stream: true });
        }
      } finally {
        c.close(descriptor);
      }
    },
    rename: (from, to) => void done(c.rename(at(from), at(to, OTHER_PATH))),
    unlink: (path) => void done(c.unlink(at(path))),
    chown: (path, owner, group) => void done(c.lchown(at(path), owner, group)),
    chmod: (path, mode) => void done(c.chmod(at(path), mode)),
  };
}

/** @param words of a `struct statx` */
export function decodeStatus(words: Uint32Array): FileStatus {
  const major = words[34]!;
  const minor = words[35]!;
  return {
    mode: words[7]! & 0xffff,
    uid: words[5]!,
    // As the C library's `makedev` puts the two together.
    dev:
      ((major & 0xfff) << 8) + (minor & 0xff) + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44,
    ino: words[8]! + words[9]! * 2 ** 32,
  };
}
