/** What `start` begins with: the settings, the log, and a runner made of them. */
import { type Config, ConfigError, type LoadedConfig } from "../../config/config.ts";
import { createLogger, type Log, type LogRecord } from "../../log/logger.ts";
import { ConfCache } from "../../plugin/conf-cache.ts";
import type { BundledPlugin } from "../../plugin/bundled.ts";
import { PluginRegistry } from "../../plugin/registry.ts";
import { StrayErrors } from "../../plugin/stray-errors.ts";
import { OldApisix } from "../../rpc/old-apisix.ts";
import type { LiveRunner, Runner } from "../../rpc/runner.ts";
import { engineSource } from "../../store/open-engine.ts";
import { Stores } from "../../store/stores.ts";
import type { WorkerPost } from "../../workers/post.ts";
import { ExitCode } from "../exit-code.ts";
import { fail } from "../exit.ts";
import type { SettingSources } from "../settings.ts";
import { callSettings } from "./call-settings.ts";
import { readConfig } from "./config.ts";
import { PluginFolders } from "./folders.ts";
import { ofOneWorker } from "./worker-store.ts";

export interface StartOptions extends SettingSources {
  readonly bundled: readonly BundledPlugin[];
  /** Sees every record of the log, repeats included. */
  readonly onRecord?: (record: LogRecord) => void;
}

export function settings(sources: SettingSources): LoadedConfig {
  try {
    return readConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message, ExitCode.usage);
    throw error;
  }
}

/** In a worker each line says which one it is of. */
export function openLog(
  { logging }: Config,
  post?: WorkerPost,
  onRecord?: StartOptions["onRecord"],
): Log {
  try {
    const log = createLogger(logging, { onRecord });
    return post === undefined ? log : { ...log, ...log.with({ worker: post.number }) };
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

/** Everything that calls need, made from the settings. Plugins from folders are not in it yet. */
export function createRunner(
  config: Config,
  bundled: readonly BundledPlugin[],
  log: Log,
  post?: WorkerPost,
): LiveRunner {
  const { confExpireTime: expireTime, limits } = config;
  const source = engineSource(config.store.url, config.store, log);
  return {
    registry: new PluginRegistry(bundled, log),
    confs: new ConfCache({
      expireTime,
      limit: limits.confs,
      byteLimit: limits.confBytes,
      log,
    }),
    log,
    store: new Stores(post === undefined ? source : ofOneWorker(source, post, log)),
    strayErrors: new StrayErrors(log),
    oldApisix: OldApisix.of(config.apisix.version, log),
    ...callSettings(config),
  };
}

/** The plugins that a runner with these settings has; those in folders are being loaded. */
export function loadedRegistry(options: StartOptions): PluginRegistry {
  const { config } = settings(options);
  const runner = createRunner(config, options.bundled, openLog(config));
  expectPluginFolders(runner, { ...config.plugins, watch: false }).load();
  return runner.registry;
}

/** Folders that are to be loaded. */
export interface ExpectedFolders {
  readonly folders: PluginFolders;
  /** Begins. What their files do at their top level keeps the thread from everything else. */
  load(): void;
}

/** Calls wait from now on until the folders are loaded. */
export function expectPluginFolders(runner: Runner, plugins: Config["plugins"]): ExpectedFolders {
  const folders = new PluginFolders(runner);
  if (plugins.dirs.length === 0) return { folders, load: () => undefined };
  const { promise, resolve } = Promise.withResolvers<unknown>();
  runner.registry.waitFor(promise);
  return { folders, load: () => resolve(folders.load(plugins)) };
}

/** A promise that a plugin forgot must not end the process. Plugins from folders report their own. */
export function surviveStrayErrors({ strayErrors }: Runner): void {
  process.on("unhandledRejection", (error) => strayErrors.report(error, "unhandledRejection"));
  process.on("uncaughtException", (error) => strayErrors.report(error, "uncaughtException"));
}
