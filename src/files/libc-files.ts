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

/** @returns undefined where there is no C library with `statx`: on other systems, and with musl before 1.2.5 */
export function libcFiles(): Files | undefined {
  const libc = libcAtOnce(FUNCTIONS);
  if (libc === undefined) return undefined;
  const c = libc.symbols;
  const memory = new Uint8Array(TEXT + TEXT_BYTES);
  const address = libc.addressOf(memory);
  const errno = c.__errno_location();

  /** @returns the address where a function finds the path */
  const at = (path: string, offset = 0): number => {
    const room = memory.subarray(offset, offset + MAX_PATH_BYTES - 1);
    memory[offset + encodePath(path, room)] = 0;
    return address + offset;
  };
  const done = (result: number): number => {
    if (result < 0) throw new Error(`a system call failed with errno ${libc.readUint32(errno)}`);
    return result;
  };
  const statusOf = (path: string, flags: number): FileStatus | undefined => {
    const result = c.statx(AT_FDCWD, at(path), flags, STATX_BASIC_STATS, address + STATUS);
    if (result < 0 && libc.readUint32(errno) === ENOENT) return undefined;
    done(result);
    return decodeStatus((field) => libc.readUint32(address + STATUS + field));
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

/**
 * By hand as far as that goes, which is nearly always to the end: a start would make the encoder for nothing else.
 *
 * @returns how many bytes it takes
 */
function encodePath(path: string, room: Uint8Array): number {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === 0 || i === room.length) throw new Error(`no file is called ${path}`);
    if (code > 0x7f) return i + encodeRest(path.slice(i), room.subarray(i));
    room[i] = code;
  }
  return path.length;
}

function encodeRest(rest: string, room: Uint8Array): number {
  const { read, written } = new TextEncoder().encodeInto(rest, room);
  if (read < rest.length || rest.includes("\0")) throw new Error(`no file is called …${rest}`);
  return written;
}

/** @param wordAt gives four bytes of a `struct statx`, by where they begin in it */
export function decodeStatus(wordAt: (field: number) => number): FileStatus {
  const major = wordAt(136);
  const minor = wordAt(140);
  return {
    mode: wordAt(28) & 0xffff,
    uid: wordAt(20),
    // As the C library's `makedev` puts the two together.
    dev:
      ((major & 0xfff) << 8) + (minor & 0xff) + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44,
    ino: wordAt(32) + wordAt(36) * 2 ** 32,
  };
}
