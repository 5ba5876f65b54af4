/** What SIGHUP does: reads the settings again, puts those that can change into effect, and loads the plugins again. */
import { changedSettings } from "../../config/changes.ts";
import { type Config, ConfigError, type LoadedConfig } from "../../config/config.ts";
import type { Log } from "../../log/logger.ts";
import type { Loaded } from "../../plugin/reload.ts";
import type { LiveRunner } from "../../rpc/runner.ts";
import { callSettings } from "./call-settings.ts";
import type { PluginFolders } from "./folders.ts";

export interface ReloadOptions {
  /** The settings that the runner was started with. */
  readonly started: Config;
  /** @throws {ConfigError} */
  read(): LoadedConfig;
  /** Told the settings that are in effect from now on. */
  onSettings(config: Config): void;
  readonly runner: LiveRunner;
  readonly folders: PluginFolders;
  /** Not where a supervisor does. */
  readonly warnsOfRestart: boolean;
  readonly log: Log;
}

export class Reloader {
  #current: Config;
  #count = 0;

  constructor(private readonly options: ReloadOptions) {
    this.#current = options.started;
  }

  /** Changes everything, or says what is wrong and changes nothing. */
  async reload(): Promise<void> {
    const { folders, log, runner } = this.options;
    // With it no two lines are alike, which the log would count instead of writing them.
    const reload = ++this.#count;
    const config = readAgain(this.options, reload);
    if (config === undefined) return;
    const changed = changedSettings(this.#current, config, "live");
    Object.assign(runner, callSettings(config));
    runner.confs.setLimits(config.limits.confs, config.limits.confBytes);
    runner.store.configure(config.store);
    this.#current = config;
    if (this.options.warnsOfRestart) warnOfRestart(this.options, config, reload);
    runner.registry.pardon();
    this.options.onSettings(config);
    const loaded = await folders.load(config.plugins);
    log.info(summary(config, changed, loaded), { changed, ...loaded, reload });
  }
}

type Settings = Pick<ReloadOptions, "started" | "read" | "log">;

/** The settings, with the log already following them; undefined, and a line that says why, where they are in error. */
export function readAgain({ log, read }: Settings, reload: number): Config | undefined {
  try {
    const { config } = read();
    log.configure(config.logging);
    return config;
  } catch (error) {
    for (const problem of problemsOf(error)) {
      log.error(`nothing was reloaded, the configuration is in error: ${problem}`, { reload });
    }
    return undefined;
  }
}

export function warnOfRestart({ log, started }: Settings, config: Config, reload: number): void {
  const waiting = changedSettings(started, config, "restart");
  if (waiting.length === 0) return;
  const keys = waiting.join(", ");
  log.warn(`a restart is needed for ${keys}: what was set at start stays in use`, { reload });
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  return [error instanceof Error ? error.message : String(error)];
}

function summary({ plugins }: Config, changed: readonly string[], loaded: Loaded): string {
  const isWithoutEffect = changed.length === 0 && plugins.dirs.length === 0 && loaded.confs === 0;
  return isWithoutEffect
    ? "nothing to reload: no setting and no secret has changed, and plugins.dirs is empty"
    : "reloaded";
}
