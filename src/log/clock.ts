/** The time as the log needs it. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `run` once after `ms`, unless the returned function is called first. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void;
}

const tickMs = 1000;

/**
 * The system's clock; `after` is up to one second late, or whatever `accuracy` says in ms.
 *
 * All waiting is done by one timer that belongs to whoever makes the clock. A timer made by `after` itself would belong
 * to the plugin that happens to log, and would end with that plugin's `Bun.ModuleGraph`.
 */
export function systemClock(accuracy = tickMs): Clock {
  const waiting = new Set<{ readonly due: number; readonly run: () => void }>();
  const timer = setTimeout(() => {
    for (const each of waiting) {
      if (each.due > performance.now()) continue;
      waiting.delete(each);
      each.run();
    }
    if (waiting.size > 0) timer.refresh();
  }, accuracy);
  timer.unref();
  return {
    now: Date.now,
    after(ms, run) {
      const entry = { due: performance.now() + ms, run };
      if (waiting.size === 0) timer.refresh();
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
  };
}
