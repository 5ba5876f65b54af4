/** `start`: serves APISIX until it says to stop. */
import { type Config, missingListenAddress } from "../config/config.ts";
import { nodeFiles } from "../files/node-files.ts";
import type { Log } from "../log/logger.ts";
import type { LiveRunner, Runner } from "../rpc/runner.ts";
import { groupId, userId } from "../server/account.ts";
import { isServed } from "../server/handover/path.ts";
import type { Reception } from "../reception/reception.ts";
import type { Takeover } from "../server/handover/taker.ts";
import { type Server, type ServerOptions, startServer } from "../server/server.ts";
import type { Serving } from "../server/serving.ts";
import { SocketFileError } from "../server/socket-file.ts";
import {
  type Bequest,
  type History,
  historyOf,
  NO_HISTORY,
  pardoned,
  takeBequest,
} from "../watchdog/bequest.ts";
import { Watchdog } from "../watchdog/watchdog.ts";
import { takePost } from "../workers/post.ts";
import type { EarlyEvents } from "./early-events.ts";
import { ExitCode } from "./exit-code.ts";
import { fail } from "./exit.ts";
import { readConfig } from "./start/config.ts";
import { Hangups } from "./start/hangups.ts";
import {
  createRunner,
  expectPluginFolders,
  openLog,
  settings,
  type StartOptions,
  surviveStrayErrors,
} from "./start/make-runner.ts";
import { MemoryLimit } from "./start/memory-limit.ts";
import type { Observing } from "./start/observing.ts";
import type { Reloader, ReloadOptions } from "./start/reload.ts";
import { expectsSuccessor, onStop } from "./start/stopping.ts";
import type { Supervised } from "./start/supervise.ts";
import { goOn, inheritConfs, prepareReceived, replaceBetweenCalls } from "./start/succession.ts";
import type { Work } from "./start/work.ts";

/** How often confs are looked through for those that have expired. */
const EXPIRY_CHECK_MS = 60_000;

/** ms; by then a runner listens, and has been asked for the first time. */
const SERVING_MS = 50;

/** ms; by then all has run that a start is to do at some time. */
const STARTED_MS = 500;

/** Ends what the executable begins with: an engine that is slow to compile, since most of a start runs once. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

async function releasePages(): Promise<void> {
  const { releaseStartUpPages } = await import("../native/start-up-pages.ts");
  releaseStartUpPages();
}

/** What a start has before it is loaded. */
export interface Early {
  readonly events: EarlyEvents;
  readonly reception: Reception;
}

export function start({ early, ...options }: StartOptions & { early?: Early | undefined }): void {
  setTimeout(compileAsUsual, SERVING_MS).unref();
  setTimeout(releasePages, STARTED_MS).unref();
  const hangups = new Hangups();
  // Before anything else, like SIGHUP: it would end the process. There is a log before one is heard.
  process.on("SIGUSR1", () => log.reopen());
  const left = takeBequest(process.env);
  const post = takePost(process.env);
  const { config, warnings } = settings(options);
  const { file: path } = config.socket;
  if (path === undefined) fail(missingListenAddress(), ExitCode.usage);
  if (early !== undefined && !isAsReceived(config, early)) {
    fail("the config file has been changed while the runner started; start it again");
  }
  const log = openLog(config, post, options.onRecord);
  if (post === undefined) for (const warning of warnings) log.warn(warning);
  if (post === undefined && config.workers > 0) {
    void superviseWorkers({ config, path, read: () => readConfig(options), hangups, log });
    return;
  }

  const runner = createRunner(config, options.bundled, log, post);
  surviveStrayErrors(runner);
  // APISIX may change its mind before there is anything to stop.
  let server: Server | undefined;
  let serving: Serving | undefined;
  let watchdog: Watchdog | undefined;
  let memory: MemoryLimit | undefined;
  let observing: Observing | undefined;
  let history: History = NO_HISTORY;
  let isStopping = false;
  const beforeStop = (): void => {
    isStopping = true;
    hangups.ignore();
    watchdog?.disarm();
    memory?.configure(undefined);
    observing?.stop();
  };
  runner.registry.onPardon = () => {
    history = pardoned(history);
    watchdog?.configure({ history });
  };
  const { folders, load } = expectPluginFolders(runner, config.plugins);
  const reload = reloading({
    started: config,
    read: () => readConfig(options),
    onSettings: (settings) => {
      watchdog?.configure(watched(settings));
      memory?.configure(settings.limits.memory);
    },
    runner,
    folders,
    warnsOfRestart: post === undefined,
    log,
  });
  /** What is left of the image before this one. */
  const takeUp = (bequest: Bequest | undefined): void => {
    history = historyOf(bequest);
    if (bequest?.confs !== undefined) inheritConfs(bequest.confs, runner);
  };
  const watch = (begun: Serving, bequest: Bequest | undefined): void => {
    serving = begun;
    const { post: at } = begun;
    watchdog = new Watchdog({ ...watched(config), history, post: at, worker: post?.number, log });
    memory = new MemoryLimit({
      limit: config.limits.memory,
      isReplacement: bequest?.confs !== undefined,
      log,
      replace: () => replaceBetweenCalls(begun, runner, history, () => isStopping),
    });
    if (bequest !== undefined) goOn(bequest, history, runner);
  };
  /** Files may take their time, or hang: only once APISIX finds the socket, and the watchdog looks. */
  const loadPlugins = (): void => {
    // One that is told to go meanwhile answers calls all the same.
    load();
    if (!isStopping) hangups.serve(reload);
  };
  /** Metrics and traces have to be in place before the first call. */
  const whenObserved = (begin: () => void): void => {
    if (!isObserved(config)) return begin();
    const observed = {
      config,
      runner,
      isWorker: post !== undefined,
      hasPredecessor: post === undefined && early === undefined && isServed(path, nodeFiles),
      connections: () => serving?.connections ?? 0,
      replacements: () => history.replacements,
    };
    import("./start/observing.ts")
      .then(async ({ startObserving }) => {
        observing = await startObserving(observed);
      })
      .catch((error: unknown) => log.error("there are no metrics and no traces", { error }))
      .then(begin);
  };
  if (post !== undefined) {
    takeUp(left);
    const onEnd = (): void => {
      beforeStop();
      void flushed(observing).then(() => end(runner, log));
    };
    const metrics = () => observing?.snapshot();
    whenObserved(() => {
      void work({ post, bequest: left, runner, hangups, log, metrics, onEnd }).then((worker) => {
        watch(worker, left);
        loadPlugins();
      });
    });
    return;
  }
  onStop((reason) => {
    beforeStop();
    void stop(server, runner, log, reason, observing);
  });
  setInterval(() => runner.confs.expire(), EXPIRY_CHECK_MS).unref();
  const serve = (takeover?: Takeover): void => {
    // With another path in the settings there is nobody on the old one any more.
    const bequest = left?.socket?.path === path ? left : undefined;
    takeUp(bequest);
    server = listen(runner, config, {
      path,
      hasPredecessor: takeover !== undefined,
      bequest,
      placed: early?.reception,
    });
    watch(server, bequest);
    if (early !== undefined) prepareReceived(early.reception.confs, runner);
    takeover?.begin(server);
    if (bequest === undefined) log.info("listening", { socket: path, pid: process.pid });
    if (takeover === undefined) loadPlugins();
    else void takeover.received().then(loadPlugins);
  };
  const begin = (): void => {
    const isOurs = early !== undefined || left !== undefined;
    if (!isOurs && isServed(path, nodeFiles)) void takeOverFrom(path, runner).then(serve);
    else serve();
  };
  whenObserved(begin);
  early?.events.release();
}

/** Whether there is still nothing in the settings that would have been for the one who receives to know. */
function isAsReceived(config: Config, { reception }: Early): boolean {
  const { file, mode, owner, group } = config.socket;
  const isPlain = mode === undefined && owner === undefined && group === undefined;
  return file === reception.path && isPlain && config.workers === 0;
}

function isObserved({ metrics, tracing }: Config): boolean {
  return metrics.listen !== undefined || tracing.endpoint !== undefined;
}

/** Others serve, and this process looks after them: the code for that is for those alone who ask for it. */
async function superviseWorkers(supervised: Supervised): Promise<void> {
  const { supervise } = await import("./start/workers.ts");
  await supervise(supervised);
}

/** This process is one of several. */
async function work(work: Work): Promise<Serving> {
  const { beginWork } = await import("./start/workers.ts");
  return beginWork(work);
}

/** The runner that serves the path now, as during a reload of APISIX, gives us what it has. */
async function takeOverFrom(path: string, runner: LiveRunner): Promise<Takeover | undefined> {
  const { takeOver } = await import("../server/handover/taker.ts");
  const takeover = await takeOver(path, runner.confs);
  if (takeover !== undefined) runner.inheritance = takeover.inheritance;
  return takeover;
}

/** What the watchdog is to know of the settings. */
function watched({ watchdog: { timeout }, logging }: Config) {
  return { timeout, logging };
}

function listen(runner: Runner, { socket }: Config, options: ServerOptions): Server {
  try {
    return startServer(runner, {
      ...options,
      mode: socket.mode,
      owner: userId(socket.owner),
      group: groupId(socket.group),
    });
  } catch (error) {
    if (error instanceof SocketFileError) fail(error.message);
    throw error;
  }
}

/** What is needed for it comes in with the first SIGHUP. */
function reloading(options: ReloadOptions): () => Promise<void> {
  let reloader: Reloader | undefined;
  return async () => {
    try {
      reloader ??= new (await import("./start/reload.ts")).Reloader(options);
      await reloader.reload();
    } catch (error) {
      options.log.error("the reload failed", { error });
    }
  };
}

async function stop(
  server: Server | undefined,
  runner: Runner,
  log: Log,
  reason: string,
  observing: Observing | undefined,
): Promise<void> {
  log.info("stopping", { reason, connections: server?.connections ?? 0 });
  await server?.drain({ expectsSuccessor: expectsSuccessor(reason) });
  await flushed(observing);
  end(runner, log);
}

async function flushed(observing: Observing | undefined): Promise<void> {
  await observing?.flush();
}

function end(runner: Runner, log: Log): never {
  runner.confs.clear();
  runner.store.close();
  log.close();
  process.exit(ExitCode.ok);
}
