/** How much of a limit is in use: the reckoning that all engines share. */
import type { Taken } from "./store.ts";

/** Whole numbers, times in ms. */
export interface TakeRequest {
  readonly limit: number;
  readonly window: number;
  readonly sliding: boolean;
  readonly by: number;
}

/** A window as an engine keeps it: when it began (ms since the epoch), and how much was taken in it and in the one before. */
export interface Window {
  readonly began: number;
  readonly taken: number;
  readonly before: number;
}

/** What an engine tells of a window after it took from it, or did not. */
export interface WindowUse extends Pick<Window, "taken" | "before"> {
  readonly allowed: boolean;
  /** ms since the window began */
  readonly elapsed: number;
}

/** The window that it is now: the one that was kept, the one after it, or a new one. */
export function windowAt(
  now: number,
  kept: Window | undefined,
  { window, sliding }: TakeRequest,
): Window {
  // The third: a clock that was put back must not make a window last for hours.
  const age = kept === undefined ? Infinity : Math.max(0, now - kept.began);
  if (kept === undefined || age >= (sliding ? 2 : 1) * window) {
    return { began: now, taken: 0, before: 0 };
  }
  const before = sliding ? kept.before : 0;
  if (age < window) return { began: Math.min(kept.began, now), taken: kept.taken, before };
  return { began: kept.began + window, taken: 0, before: kept.taken };
}

/** Whether as much can be taken `elapsed` ms after the window began. */
export function fits(
  { taken, before }: Pick<Window, "taken" | "before">,
  elapsed: number,
  { limit, window, by }: TakeRequest,
): boolean {
  return (before * (window - elapsed)) / window + taken + by <= limit;
}

/** ms from its beginning on in which a window counts. */
export function lifetime({ window, sliding }: TakeRequest): number {
  return sliding ? 2 * window : window;
}

export function takenOf(use: WindowUse, request: TakeRequest): Taken {
  const { allowed, taken, before, elapsed } = use;
  const { limit, window } = request;
  const used = (before * (window - elapsed)) / window + taken;
  return {
    allowed,
    remaining: Math.max(0, Math.floor(limit - used)),
    resetIn: resetIn(use, request),
    retryIn: allowed ? 0 : retryIn(use, request),
  };
}

function resetIn({ taken, before, elapsed }: WindowUse, request: TakeRequest): number {
  if (taken > 0) return lifetime(request) - elapsed;
  return before > 0 ? request.window - elapsed : 0;
}

function retryIn({ taken, before, elapsed }: WindowUse, request: TakeRequest): number {
  const { limit, window, sliding, by } = request;
  if (by > limit) return Infinity;
  // Within this window, as the share of the one before shrinks …
  const room = limit - by - taken;
  if (room >= 0 && before > 0) return whenRoom(before, room, window) - elapsed;
  // … or in the next one, in which this one is the one before.
  if (!sliding) return window - elapsed;
  return window - elapsed + whenRoom(taken, limit - by, window);
}

/** ms into a window until no more than `room` is left of the one before. */
function whenRoom(before: number, room: number, window: number): number {
  return Math.max(0, Math.ceil(window - (room * window) / before));
}
