/** When to go: a signal, or the end of APISIX. */
import { fstatSync } from "node:fs";
import { ExitCode } from "../exit-code.ts";

/** Calls back once, with the reason, when it is time to go. Told twice, the process ends at once. */
export function onStop(callback: (reason: string) => void): void {
  let stopping = false;
  const told = (reason: string): void => {
    if (stopping) process.exit(ExitCode.ok);
    stopping = true;
    callback(reason);
  };
  process.on("SIGTERM", () => told("SIGTERM"));
  process.on("SIGINT", () => told("SIGINT"));
  const watchStdin = (): void => {
    if (isChildOfApisix()) void endOfStdin().then(() => stopping || told("APISIX has gone"));
  };
  // An end that came before is found then as well.
  setTimeout(watchStdin, STDIN_DELAY_MS).unref();
}

/** By then APISIX has found the socket: to read a stream brings in what its first call would wait for. */
const STDIN_DELAY_MS = 20;

/** APISIX says so to an old runner when it is about to start, or has started, a new one. */
export function expectsSuccessor(reason: string): boolean {
  return reason === "SIGTERM" && isChildOfApisix();
}

/** APISIX holds the other end of stdin: it ends when APISIX does, however that came about. */
function isChildOfApisix(): boolean {
  if (process.env["APISIX_CONF_EXPIRE_TIME"] === undefined) return false;
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    // Closed stdin: then nothing can be told from it.
    return false;
  }
}

async function endOfStdin(): Promise<void> {
  for await (const _ of Bun.stdin.stream()) {
    // What comes is of no interest, only that no more does.
  }
}
