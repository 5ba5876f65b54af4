/** Where lines go: stderr, or a file that can be opened again. */
import { closeSync, constants, openSync, writeSync } from "node:fs";

/** Takes bytes at once, so that nothing is lost when the process ends. */
export interface Sink {
  /** Writes some of the bytes and returns how many. @throws the system's error when none can be written. */
  write(bytes: Uint8Array): number;
  /** @throws {Error} when the file cannot be opened; the old one then stays in use. */
  reopen(): void;
  close(): void;
}

const stderr = 2;

/** @throws {Error} naming path and cause when the file cannot be opened. */
export function openSink(file?: string): Sink {
  let fd = file === undefined ? stderr : openForAppending(file);
  const release = (old: number) => {
    if (old !== stderr) closeSync(old);
  };
  return {
    write: (bytes) => writeSync(fd, bytes),
    reopen() {
      if (file === undefined) return;
      const old = fd;
      fd = openForAppending(file);
      release(old);
    },
    close() {
      const old = fd;
      fd = stderr;
      release(old);
    },
  };
}

// Without O_NONBLOCK, a named pipe that nobody reads would stop the runner here.
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

function openForAppending(file: string): number {
  try {
    return openSync(file, flags, 0o640);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the log file ${JSON.stringify(file)} cannot be opened: ${reason}`, { cause });
  }
}
