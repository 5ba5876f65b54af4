/** `start` in a worker: its supervisor says what there is to do. */
import type { Log } from "../../log/logger.ts";
import type { MetricsSnapshot } from "../../metrics/snapshot.ts";
import type { LiveRunner } from "../../rpc/runner.ts";
import type { Bequest } from "../../watchdog/bequest.ts";
import type { WorkerPost } from "../../workers/post.ts";
import { Worker } from "../../workers/worker.ts";
import type { Hangups } from "./hangups.ts";

export interface Work {
  readonly post: WorkerPost;
  readonly bequest: Bequest | undefined;
  readonly runner: LiveRunner;
  readonly hangups: Hangups;
  readonly log: Log;
  /** What this worker has counted, if it counts. */
  readonly metrics: () => MetricsSnapshot | undefined;
  /** Nothing is left to do. */
  readonly onEnd: () => void;
}

export function beginWork(work: Work): Worker {
  const { post, bequest, runner, hangups, log, metrics, onEnd } = work;
  // A terminal's Ctrl-C and a service manager's stop reach all processes; the supervisor decides.
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => log.debug("a worker leaves it to its supervisor", { signal }));
  }
  const worker = new Worker(runner, {
    post,
    bequest,
    onReload: () => hangups.request(),
    onReopenLog: () => log.reopen(),
    onEnd() {
      if (worker.busy > 0) log.warn(`stopped with ${worker.busy} calls still under way`);
      worker.end();
      onEnd();
    },
  });
  worker.answer("metrics", metrics);
  return worker;
}
