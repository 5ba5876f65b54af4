/**
 * Passes open descriptors between processes over a Unix socket (SCM_RIGHTS, see unix(7)), which Bun
 * has no call for. The layouts are those of 64-bit Linux, glibc and musl alike.
 */
import { ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { openLibc } from "../../native/libc.ts";

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SO_PEERCRED = 17;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** `struct cmsghdr` (length, level, type) and one descriptor, padded to 8 bytes. */
const CONTROL_BYTES = 24;
const CONTROL_LENGTH = 20n;

/** `struct msghdr` as eight-byte words: name, its length, iovec, how many, control, its length, flags. */
const MESSAGE_WORDS = 7;
const CONTROL_LENGTH_WORD = 5;

/** The number that travels with a descriptor. */
const DATA_BYTES = 4;

const CALL = { args: ["i32", "ptr", "i32"], returns: "i64" } as const;
const SYMBOLS = {
  sendmsg: CALL,
  recvmsg: CALL,
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
} as const;

/** A descriptor that came, which is ours to close. */
export interface Received {
  readonly descriptor: number;
  readonly number: number;
}

export interface DescriptorPassing {
  /**
   * Sends a descriptor with a number from 0 to 2³² - 1 that tells it from others.
   *
   * @returns false where the socket does not take it now
   */
  send(socket: number, descriptor: number, number: number): boolean;
  /** Receives one; undefined where none has come, or this process has as many open as it may. */
  receive(socket: number): Received | undefined;
  /** The user at the other end of a connection, who for a client is the one who called `listen`. */
  userOf(socket: number): number | undefined;
}

/** How many descriptors this process may have open; the lowest free one is always used first. */
export function mostDescriptors(): number {
  const [, soft] =
    /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}

/** @returns undefined where this platform has no way that we know */
export function descriptorPassing(): DescriptorPassing | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return new Passing(openLibc(SYMBOLS));
  } catch {
    return undefined;
  }
}

class Passing implements DescriptorPassing {
  // Buffers first, views then: memory whose address was taken must not move.
  readonly #data = new DataView(new ArrayBuffer(DATA_BYTES));
  readonly #control = new DataView(new ArrayBuffer(CONTROL_BYTES));
  /** `struct iovec`: where the data is, and its length. */
  readonly #vector = new BigUint64Array(new ArrayBuffer(16));
  readonly #message = new BigUint64Array(new ArrayBuffer(MESSAGE_WORDS * 8));

  constructor(private readonly libc: ReturnType<typeof openLibc<typeof SYMBOLS>>) {}

  send(socket: number, descriptor: number, number: number): boolean {
    this.#data.setUint32(0, number);
    this.#control.setBigUint64(0, CONTROL_LENGTH, true);
    this.#control.setInt32(8, SOL_SOCKET, true);
    this.#control.setInt32(12, SCM_RIGHTS, true);
    this.#control.setInt32(16, descriptor, true);
    return this.#call("sendmsg", socket, MSG_DONTWAIT | MSG_NOSIGNAL) === DATA_BYTES;
  }

  receive(socket: number): Received | undefined {
    const bytes = this.#call("recvmsg", socket, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    // The kernel writes the length of the control data back: none where no descriptor came.
    const length = this.#message[CONTROL_LENGTH_WORD] ?? 0n;
    if (bytes !== DATA_BYTES || length < CONTROL_LENGTH) return undefined;
    return { descriptor: this.#control.getInt32(16, true), number: this.#data.getUint32(0) };
  }

  userOf(socket: number): number | undefined {
    // `struct ucred`: process, user, group.
    const credentials = new Int32Array(new ArrayBuffer(12));
    const length = new Int32Array(new ArrayBuffer(4)).fill(credentials.byteLength);
    const { getsockopt } = this.libc;
    const result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(length));
    return result === 0 ? credentials[1] : undefined;
  }

  #call(name: "sendmsg" | "recvmsg", socket: number, flags: number): number {
    this.#vector.set([BigInt(ptr(this.#data)), BigInt(DATA_BYTES)]);
    const vector = BigInt(ptr(this.#vector));
    const control = BigInt(ptr(this.#control));
    this.#message.set([0n, 0n, vector, 1n, control, BigInt(CONTROL_BYTES), 0n]);
    return Number(this.libc[name](socket, ptr(this.#message), flags));
  }
}
