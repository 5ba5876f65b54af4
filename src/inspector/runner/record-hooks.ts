/** Has the runner in this process tell all that its plugins do. */
import type { LogRecord } from "../../log/logger.ts";
import { observeHooks } from "../../plugin/trace.ts";
import { hookRecorder } from "./hook-recorder.ts";
import { logTap } from "./log-tap.ts";
import { connectTraces } from "./trace-socket.ts";

/**
 * @param path the socket of whoever wants to know
 * @returns to be given the records of the log, each
 */
export function recordHooks(path: string): (record: LogRecord) => void {
  const tell = connectTraces(path);
  observeHooks(hookRecorder(tell));
  return logTap(tell);
}
