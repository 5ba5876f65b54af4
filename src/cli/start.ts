/** `start`: serves APISIX until it says to stop. */
import { fstatSync } from "node:fs";
import {
  type Config,
  ConfigError,
  loadConfig,
  type LoadedConfig,
  missingListenAddress,
} from "../config/config.ts";
import * as sdk from "../index.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import { ConfCache } from "../plugin/conf-cache.ts";
import { type BundledPlugin, PluginRegistry } from "../plugin/registry.ts";
import { provideSdk } from "../plugin/sdk-module.ts";
import type { Runner } from "../rpc/runner.ts";
import { groupId, userId } from "../server/account.ts";
import { startServer, type Server } from "../server/server.ts";
import { SocketFileError } from "../server/socket-file.ts";
import { ExitCode, fail } from "./exit.ts";
import type { SettingSources } from "./settings.ts";

export interface StartOptions extends SettingSources {
  readonly bundled: readonly BundledPlugin[];
}

/** How often confs are looked through for those that have expired. */
const EXPIRY_CHECK_MS = 60_000;

export function start(options: StartOptions): void {
  const { config, warnings } = settings(options);
  const { file: path } = config.socket;
  if (path === undefined) fail(missingListenAddress(), ExitCode.usage);
  const log = openLog(config);
  for (const warning of warnings) log.warn(warning);
  surviveStrayErrors(log);

  const runner = createRunner(config, options.bundled, log);
  // APISIX may change its mind before there is anything to stop.
  let server: Server | undefined;
  onStop((reason) => void stop(server, runner, log, reason));
  server = listen(runner, config, path);
  loadPluginFolders(runner, config);
  setInterval(() => runner.confs.expire(), EXPIRY_CHECK_MS).unref();
  log.info("listening", { socket: path, pid: process.pid });
}

function settings({ flags, configFile }: StartOptions): LoadedConfig {
  try {
    return loadConfig({
      flags,
      configFile,
      env: process.env,
      cwd: process.cwd(),
      executable: process.execPath,
    });
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message, ExitCode.usage);
    throw error;
  }
}

function openLog({ logging }: Config) {
  try {
    return createLogger(logging);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

/** Everything that calls need, made from the settings. Plugins from folders are not in it yet. */
function createRunner(config: Config, bundled: readonly BundledPlugin[], log: Logger): Runner {
  const { confExpireTime: expireTime, limits, plugins, secrets } = config;
  return {
    registry: new PluginRegistry(bundled, log),
    confs: new ConfCache({ expireTime, limit: limits.confs, log }),
    secrets: { ...secrets, environment: process.env },
    log,
    timeout: plugins.timeout,
    decodedBodyLimit: limits.decodedBody,
  };
}

function listen(runner: Runner, { socket }: Config, path: string): Server {
  try {
    return startServer(runner, {
      path,
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
  loadPluginFolders(runner, config);
  return runner.registry;
}

/** Starts to load them; calls that come before it is done wait for it. */
function loadPluginFolders(runner: Runner, { plugins }: Config): void {
  if (plugins.dirs.length === 0) return;
  provideSdk({ "apisix-bun-runner": sdk });
  const loading = import("../plugin/reload.ts").then(({ folderPlugins }) => {
    const folders = folderPlugins(plugins.dirs, runner, runner.timeout);
    process.on("SIGHUP", () => void folders.reload());
    if (plugins.watch) folders.watch();
    return folders.reload();
  });
  runner.registry.waitFor(loading);
}

/** A promise that a plugin forgot must not end the process. Plugins from folders report their own. */
function surviveStrayErrors(log: Logger): void {
  process.on("unhandledRejection", (error) => {
    log.error("a rejection that nothing caught; the runner goes on", { error });
  });
  process.on("uncaughtException", (error) => {
    log.error("an exception that nothing caught; the runner goes on", { error });
  });
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
  log: ReturnType<typeof createLogger>,
  reason: string,
): Promise<void> {
  log.info("stopping", { reason, connections: server?.connections ?? 0 });
  await server?.drain();
  runner.confs.clear();
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
