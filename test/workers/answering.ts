/**
 * A supervisor with five workers that answer a question in their own ways. It prints the answers, and those
 * to the same question after the first worker has been killed, each as a line of JSON.
 */
import { createLogger } from "../../src/log/logger.ts";
import { ConfCache } from "../../src/plugin/conf-cache.ts";
import { PluginRegistry } from "../../src/plugin/registry.ts";
import { StrayErrors } from "../../src/plugin/stray-errors.ts";
import type { LiveRunner } from "../../src/rpc/runner.ts";
import { engineSource } from "../../src/store/open-engine.ts";
import { Stores } from "../../src/store/stores.ts";
import { takePost, type WorkerPost } from "../../src/workers/post.ts";
import { Supervisor } from "../../src/workers/supervisor.ts";
import { Worker } from "../../src/workers/worker.ts";

const WORKERS = 5;
const PATIENCE_MS = 300;

const log = createLogger({ level: "error", format: "text" });
const post = takePost(process.env);
if (post === undefined) await supervise(process.argv[2] ?? "");
else work(post);

function work(at: WorkerPost): void {
  const worker = new Worker(createRunner(), {
    post: at,
    onReload: () => undefined,
    onReopenLog: () => undefined,
    onEnd: () => process.exit(),
  });
  const { number } = at;
  if (number === 1) worker.answer("metrics", () => ({ calls: 1, text: "é\n" }));
  if (number === 2) worker.answer("metrics", async () => [await Promise.resolve(2)]);
  if (number === 3) worker.answer("metrics", () => Promise.reject(new Error("not today")));
  if (number === 4) worker.answer("metrics", () => new Promise(() => undefined));
}

async function supervise(path: string): Promise<void> {
  const supervisor = new Supervisor({
    workers: WORKERS,
    socket: { path },
    confExpireTime: 3_600_000,
    confs: 100,
    confBytes: 1_000_000,
    log,
  });
  await supervisor.start();
  const all = await ask(supervisor);
  console.log(JSON.stringify(all));
  process.kill(all[0]?.pid ?? 0, "SIGKILL");
  const before = all[0]?.pid;
  for (;;) {
    const again = await ask(supervisor);
    if (again[0]?.pid === before) continue;
    console.log(JSON.stringify(again.map(({ worker }) => worker)));
    break;
  }
  await supervisor.stop({});
  process.exit();
}

/** Of all, once they are ready. */
async function ask(supervisor: Supervisor) {
  for (;;) {
    const answers = await supervisor.ask("metrics", PATIENCE_MS);
    if (answers.length === WORKERS) return answers;
    await Bun.sleep(5);
  }
}

function createRunner(): LiveRunner {
  return {
    registry: new PluginRegistry([], log),
    confs: new ConfCache({ expireTime: 3_600_000, limit: 100, log }),
    log,
    store: new Stores(engineSource({ engine: "memory" }, { timeout: 200, memory: 1e6 }, log)),
    strayErrors: new StrayErrors(log),
    secrets: { env: [], files: [], environment: {} },
    timeout: 1_000,
    decodedBodyLimit: 1_000_000,
  };
}
