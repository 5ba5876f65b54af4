/** The system calls that replace a process image, which Bun has no way to make from a thread. */
import { ptr } from "bun:ffi";
import { openLibc } from "../native/libc.ts";
import { readStrings } from "../native/strings.ts";

const F_SETFD = 2;
const SIG_SETMASK = 2;
const SIGHUP = 1;
const SIGUSR1 = 10;
const SIG_IGN = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;

/** `sigset_t` of glibc and of musl. */
const SIGNAL_SET_BYTES = 128;

const CALLS = {
  // Variadic in C; on Linux both architectures pass three such arguments as any others.
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  signal: { args: ["i32", "usize"], returns: "usize" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  _exit: { args: ["i32"], returns: "void" },
} as const;

export interface Exec {
  /** Sends without waiting. @returns whether all of it was taken */
  send(descriptor: number, bytes: Uint8Array): boolean;
  /** The peer finds the end behind what was sent, and can still write. */
  endWriting(descriptor: number): void;
  /** These descriptors stay open in the next image. */
  keepOpen(descriptors: readonly number[]): void;
  /**
   * The same executable with the same arguments and environment, and one variable more.
   *
   * @throws where the kernel refuses
   */
  replace(variable: string, value: string): never;
  /** Ends the process at once, whatever its other threads do. */
  exit(code: number): void;
}

/** @throws where this platform has no way that we know */
export function openExec(): Exec {
  if (process.platform !== "linux") throw new Error(`not done on ${process.platform}`);
  return new LinuxExec(openLibc(CALLS));
}

class LinuxExec implements Exec {
  constructor(private readonly libc: ReturnType<typeof openLibc<typeof CALLS>>) {}

  send(descriptor: number, bytes: Uint8Array): boolean {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return Number(this.libc.send(descriptor, ptr(bytes), bytes.length, flags)) === bytes.length;
  }

  endWriting(descriptor: number): void {
    this.libc.shutdown(descriptor, SHUT_WR);
  }

  keepOpen(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.libc.fcntl(descriptor, F_SETFD, 0);
  }

  replace(variable: string, value: string): never {
    // As the process was started: what its code has changed since is not in there.
    const args = readStrings("/proc/self/cmdline");
    const environment = readStrings("/proc/self/environ").filter(
      (entry) => !entry.toString("latin1").startsWith(`${variable}=`),
    );
    environment.push(Buffer.from(`${variable}=${value}`));
    const path = Buffer.from(`${process.execPath}\0`);
    const argv = new StringArray(args);
    const envp = new StringArray(environment);
    // The next image would begin with the signals blocked that this thread leaves to the others.
    this.libc.pthread_sigmask(SIG_SETMASK, ptr(new Uint8Array(SIGNAL_SET_BYTES)), null);
    // One that asks for a reload, or for log files to be reopened, before the next image listens for it must not end that.
    for (const signal of [SIGHUP, SIGUSR1]) this.libc.signal(signal, SIG_IGN);
    this.libc.execve(ptr(path), argv.pointer, envp.pointer);
    throw new Error(`execve of ${process.execPath} was refused`);
  }

  exit(code: number): void {
    this.libc._exit(code);
  }
}

/** `char *const []`: pointers to strings, and a null pointer at the end. */
class StringArray {
  readonly #strings: Buffer;
  readonly #pointers: BigUint64Array;

  constructor(strings: readonly Buffer[]) {
    this.#strings = Buffer.concat(strings.flatMap((text) => [text, Buffer.alloc(1)]));
    this.#pointers = new BigUint64Array(strings.length + 1);
    let at = BigInt(ptr(this.#strings));
    strings.forEach((text, i) => {
      this.#pointers[i] = at;
      at += BigInt(text.length + 1);
    });
  }

  get pointer() {
    return ptr(this.#pointers);
  }
}
