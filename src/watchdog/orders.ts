/** What the watchdog's thread is told. */
import type { LogSettings } from "../log/logger.ts";
import type { History, Post } from "./bequest.ts";

/** May change while it watches. */
export interface WatchSettings {
  /** ms; 0: look away. */
  readonly timeout: number;
  readonly logging: LogSettings;
  readonly history: History;
}

export interface Orders extends WatchSettings {
  readonly memory: SharedArrayBuffer;
  /** As it was at the start; whether the listener is still ours, the memory tells. */
  readonly post: Post;
  /** The worker's number, where there are several. */
  readonly worker?: number | undefined;
}

/** How often the event loop beats and the thread looks, ms. */
export function periodOf(timeout: number): number {
  return Math.min(Math.max(timeout / 20, 10), 250);
}

/** The thread's main module in the executable: the build makes it, beside the executable's own. */
export const THREAD_MODULE = "watchdog-thread.ts";
