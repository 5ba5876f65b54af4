/** `start` with `workers`: looks after those who serve, until APISIX says to stop. */
import type { Config, LoadedConfig } from "../../config/config.ts";
import { nodeFiles } from "../../files/node-files.ts";
import type { Log } from "../../log/logger.ts";
import { groupId, userId } from "../../server/account.ts";
import type { MetricsServer } from "../../metrics/server.ts";
import type { MetricsSnapshot } from "../../metrics/snapshot.ts";
import { isServed } from "../../server/handover/path.ts";
import { SocketFileError } from "../../server/socket-file.ts";
import { Supervisor } from "../../workers/supervisor.ts";
import { ExitCode } from "../exit-code.ts";
import { fail } from "../exit.ts";
import type { Hangups } from "./hangups.ts";
import { readAgain, warnOfRestart } from "./reload.ts";
import { expectsSuccessor, onStop } from "./stopping.ts";

/** A worker that is kept busy for so long is missing in a scrape. */
const ANSWER_MS = 1_000;

export interface Supervised {
  /** The settings that the runner was started with. */
  readonly config: Config;
  /** The socket's. */
  readonly path: string;
  /** @throws {ConfigError} */
  read(): LoadedConfig;
  readonly hangups: Hangups;
  readonly log: Log;
}

export async function supervise(supervised: Supervised): Promise<void> {
  const { config, hangups, log } = supervised;
  surviveErrors(log);
  const supervisor = open(supervised);
  const metrics = await serveMetrics(supervised, supervisor);
  onStop((reason) => {
    hangups.ignore();
    metrics?.stop();
    void stop(supervisor, log, reason);
  });
  process.on("SIGUSR1", () => supervisor.reopenLog());
  let reloads = 0;
  hangups.serve(() => {
    const told = readAgain({ ...supervised, started: config }, ++reloads);
    if (told === undefined) return Promise.resolve();
    warnOfRestart({ ...supervised, started: config }, told, reloads);
    supervisor.reload(told.limits);
    return Promise.resolve();
  });
  try {
    await supervisor.start();
  } catch (error) {
    if (error instanceof SocketFileError) fail(error.message);
    throw error;
  }
}

function open({ config, path, log }: Supervised): Supervisor {
  const { workers, socket, limits, confExpireTime } = config;
  try {
    return new Supervisor({
      workers,
      socket: {
        path,
        mode: socket.mode,
        owner: userId(socket.owner),
        group: groupId(socket.group),
      },
      confExpireTime,
      confs: limits.confs,
      confBytes: limits.confBytes,
      log,
    });
  } catch (error) {
    if (error instanceof SocketFileError) fail(error.message);
    const reason = error instanceof Error ? error.message : String(error);
    fail(
      `workers cannot be supervised here: ${reason}; it takes Linux and its C library, so set workers to 0`,
      ExitCode.usage,
    );
  }
}

/** What all workers have counted; each scrape asks them. */
async function serveMetrics(
  { config, path, log }: Supervised,
  supervisor: Supervisor,
): Promise<MetricsServer | undefined> {
  if (config.metrics.listen === undefined) return undefined;
  const { serveSnapshots } = await import("./observing.ts");
  const { CollectedFigures } = await import("../../metrics/worker-figures.ts");
  const figures = new CollectedFigures();
  return serveSnapshots({
    config,
    log,
    hasPredecessor: isServed(path, nodeFiles),
    async snapshots() {
      const answers = await supervisor.ask("metrics", ANSWER_MS);
      return figures.collect(
        answers.flatMap(({ worker, pid, value, problem }) => {
          if (isSnapshot(value)) return [{ worker, pid, snapshot: value }];
          log.warn("a worker is missing in the metrics", { worker, pid, problem });
          return [];
        }),
      );
    },
  });
}

function isSnapshot(value: unknown): value is MetricsSnapshot {
  return typeof value === "object" && value !== null;
}

async function stop(supervisor: Supervisor, log: Log, reason: string): Promise<void> {
  log.info("stopping", { reason, connections: supervisor.connections });
  await supervisor.stop({ expectsSuccessor: expectsSuccessor(reason) });
  log.close();
  process.exit(ExitCode.ok);
}

/** Whatever goes wrong here, the workers go on with their calls. */
function surviveErrors(log: Log): void {
  const told = (error: unknown): void =>
    log.error("an error that nothing caught; the supervisor goes on", { error });
  process.on("unhandledRejection", told);
  process.on("uncaughtException", told);
}
