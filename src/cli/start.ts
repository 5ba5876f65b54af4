/** `start`: serves APISIX until it says to stop. */
import { fstatSync } from "node:fs";
import {
  type Config,
  ConfigError,
  type LoadedConfig,
  missingListenAddress,
} from "../config/config.ts";
import { createLogger, type Log } from "../log/logger.ts";
import { ConfCache } from "../plugin/conf-cache.ts";
import { type BundledPlugin, PluginRegistry } from "../plugin/registry.ts";
import { StrayErrors } from "../plugin/stray-errors.ts";
import type { LiveRunner, Runner } from "../rpc/runner.ts";
import { groupId, userId } from "../server/account.ts";
import { isServed } from "../server/handover/path.ts";
import type { Takeover } from "../server/handover/taker.ts";
import { type Server, type ServerOptions, startServer } from "../server/server.ts";
import { SocketFileError } from "../server/socket-file.ts";
import { engineSource } from "../store/open-engine.ts";
import { Stores } from "../store/stores.ts";
import { type History, historyOf, NO_HISTORY, takeBequest } from "../watchdog/bequest.ts";
import { Watchdog } from "../watchdog/watchdog.ts";
import { ExitCode, fail } from "./exit.ts";
import type { SettingSources } from "./settings.ts";
import { callSettings } from "./start/call-settings.ts";
import { readConfig } from "./start/config.ts";
import { PluginFolders } from "./start/folders.ts";
import { Hangups } from "./start/hangups.ts";
import { MemoryLimit } from "./start/memory-limit.ts";
import type { Reloader, ReloadOptions } from "./start/reload.ts";
import { goOn, inheritConfs, replaceBetweenCalls } from "./start/succession.ts";

export interface StartOptions extends SettingSources {
  readonly bundled: readonly BundledPlugin[];
}

/** How often confs are looked through for those that have expired. */
const EXPIRY_CHECK_MS = 60_000;

export function start(options: StartOptions): void {
  const hangups = new Hangups();
  const left = takeBequest(process.env);
  const { config, warnings } = settings(options);
  const { file: path } = config.socket;
  if (path === undefined) fail(missingListenAddress(), ExitCode.usage);
  const log = openLog(config);
  for (const warning of warnings) log.warn(warning);

  const runner = createRunner(config, options.bundled, log);
  surviveStrayErrors(runner);
  // APISIX may change its mind before there is anything to stop.
  let server: Server | undefined;
  let watchdog: Watchdog | undefined;
  let memory: MemoryLimit | undefined;
  let history: History = NO_HISTORY;
  let isStopping = false;
  onStop((reason) => {
    isStopping = true;
    hangups.ignore();
    watchdog?.disarm();
    memory?.configure(undefined);
    void stop(server, runner, log, reason);
  });
  const folders = loadPluginFolders(runner, config.plugins);
  hangups.serve(
    reloading({
      started: config,
      read: () => readConfig(options),
      onSettings: (settings) => {
        history = NO_HISTORY;
        watchdog?.configure({ ...watched(settings), history });
        memory?.configure(settings.limits.memory);
      },
      runner,
      folders,
      log,
    }),
  );
  setInterval(() => runner.confs.expire(), EXPIRY_CHECK_MS).unref();
  const serve = (takeover?: Takeover): void => {
    // With another path in the settings there is nobody on the old one any more.
    const bequest = left?.socket.path === path ? left : undefined;
    history = historyOf(bequest);
    if (bequest?.confs !== undefined) inheritConfs(bequest.confs, runner);
    const serving = listen(runner, config, {
      path,
      hasPredecessor: takeover !== undefined,
      bequest,
    });
    server = serving;
    const { socket } = server;
    watchdog = new Watchdog({ ...watched(config), history, socket, log });
    memory = new MemoryLimit({
      limit: config.limits.memory,
      isReplacement: bequest?.confs !== undefined,
      log,
      replace: () => replaceBetweenCalls(serving, runner, history, () => isStopping),
    });
    takeover?.begin(server);
    if (bequest === undefined) log.info("listening", { socket: path, pid: process.pid });
    else goOn(bequest, runner);
  };
  if (left === undefined && isServed(path)) void takeOverFrom(path, runner).then(serve);
  else serve();
}

/** The runner that serves the path now, as during a reload of APISIX, gives us what it has. */
async function takeOverFrom(path: string, runner: LiveRunner): Promise<Takeover | undefined> {
  const { takeOver } = await import("../server/handover/taker.ts");
  const takeover = await takeOver(path, runner.confs);
  if (takeover !== undefined) runner.inheritance = takeover.inheritance;
  return takeover;
}

function settings(sources: SettingSources): LoadedConfig {
  try {
    return readConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message, ExitCode.usage);
    throw error;
  }
}

function openLog({ logging }: Config): Log {
  try {
    return createLogger(logging);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

/** Everything that calls need, made from the settings. Plugins from folders are not in it yet. */
function createRunner(config: Config, bundled: readonly BundledPlugin[], log: Log): LiveRunner {
  const { confExpireTime: expireTime, limits } = config;
  return {
    registry: new PluginRegistry(bundled, log),
    confs: new ConfCache({
      expireTime,
      limit: limits.confs,
      byteLimit: limits.confBytes,
      log,
    }),
    log,
    store: new Stores(engineSource(config.store.url, config.store, log)),
    strayErrors: new StrayErrors(log),
    ...callSettings(config),
  };
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

/** The plugins that a runner with these settings has; those in folders are being loaded. */
export function loadedRegistry(options: StartOptions): PluginRegistry {
  const { config } = settings(options);
  const runner = createRunner(config, options.bundled, openLog(config));
  loadPluginFolders(runner, { ...config.plugins, watch: false });
  return runner.registry;
}

/** Starts to load them; calls that come before it is done wait for it. */
function loadPluginFolders(runner: Runner, plugins: Config["plugins"]): PluginFolders {
  const folders = new PluginFolders(runner);
  if (plugins.dirs.length > 0) runner.registry.waitFor(folders.load(plugins));
  return folders;
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

/** A promise that a plugin forgot must not end the process. Plugins from folders report their own. */
function surviveStrayErrors({ strayErrors }: Runner): void {
  process.on("unhandledRejection", (error) => strayErrors.report(error, "unhandledRejection"));
  process.on("uncaughtException", (error) => strayErrors.report(error, "uncaughtException"));
}

/** Calls back once, with the reason, when it is time to go. Told twice, the process ends at once. */
function onStop(callback: (reason: string) => void): void {
  let stopping = false;
  const told = (reason: string): void => {
    if (stopping) process.exit(ExitCode.ok);
    stopping = true;
    callback(reason);
  };
  process.on("SIGTERM", () => told("SIGTERM"));
  process.on("SIGINT", () => told("SIGINT"));
  if (isChildOfApisix()) void endOfStdin().then(() => stopping || told("APISIX has gone"));
}

async function stop(
  server: Server | undefined,
  runner: Runner,
  log: Log,
  reason: string,
): Promise<void> {
  log.info("stopping", { reason, connections: server?.connections ?? 0 });
  // APISIX says so to an old runner when it is about to start, or has started, a new one.
  await server?.drain({ expectsSuccessor: reason === "SIGTERM" && isChildOfApisix() });
  runner.confs.clear();
  runner.store.close();
  log.close();
  process.exit(ExitCode.ok);
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
