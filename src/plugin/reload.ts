/** Loads the plugins of folders, and loads them again while calls go on. */
import { type FSWatcher, watch } from "node:fs";
import type { Logger } from "../log/logger.ts";
import { loadFolders } from "./folders.ts";
import { prepareAgain, type PrepareOptions } from "./prepare.ts";
import type { StrayErrors } from "./stray-errors.ts";

export interface FolderSettings {
  /** Absolute paths. */
  readonly dirs: readonly string[];
  /** ms that a file may take to load. */
  readonly timeout: number;
  /** Load again whenever a file changes. */
  readonly watch: boolean;
  /** Load as root what others than root can change. */
  readonly allowUnsafe: boolean;
}

export interface FolderOptions extends PrepareOptions {
  readonly strayErrors: StrayErrors;
}

/** What came of loading. */
export interface Loaded {
  /** How many plugins of folders there are. */
  readonly plugins: number;
  /** How many files did not load. */
  readonly failed: number;
  /** How many confs were prepared again. */
  readonly confs: number;
}

export interface FolderPlugins {
  /** Counts from the next load on; watches from now on. */
  configure(settings: FolderSettings): void;
  /** Loads all files afresh; resolves when calls run the new code. */
  load(): Promise<Loaded>;
}

/** Without folders at first. */
export function folderPlugins(options: FolderOptions): FolderPlugins {
  return new WatchedFolders(options);
}

/** Editors write a file in several steps. */
const SETTLE_MS = 20;

class WatchedFolders implements FolderPlugins {
  #settings: FolderSettings = { dirs: [], timeout: 0, watch: false, allowUnsafe: false };
  #watchers: FSWatcher[] = [];
  #settling: Timer | undefined;
  /** One after the other: each sees the files as they are when its turn comes. */
  #last: Promise<unknown> = Promise.resolve();
  /** The one whose turn has not come: who asks now gets what it will find. */
  #next: Promise<Loaded> | undefined;
  #changes = 0;

  constructor(private readonly options: FolderOptions) {}

  configure(settings: FolderSettings): void {
    this.#settings = settings;
    // Always anew: a folder may have been replaced by another of its name.
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    if (!settings.watch) return;
    for (const dir of settings.dirs) {
      const watcher = watchFolder(dir, this.options.log, () => this.#changed());
      if (watcher !== undefined) this.#watchers.push(watcher);
    }
  }

  load(): Promise<Loaded> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#load();
    });
    // Who asked for it is told of a failure; the next one begins all the same.
    this.#last = this.#next.catch(() => undefined);
    return this.#next;
  }

  async #load(): Promise<Loaded> {
    const { registry } = this.options;
    const counts = registry.replaceAdded(await loadFolders(this.#settings, this.options));
    return { ...counts, confs: await prepareAgain(this.options) };
  }

  #changed(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#loadChanges(), SETTLE_MS);
  }

  async #loadChanges(): Promise<void> {
    const { log } = this.options;
    // With it no two lines are alike, which the log would count instead of writing them.
    const change = ++this.#changes;
    this.options.registry.pardon();
    try {
      log.info("plugins loaded again", { ...(await this.load()), change });
    } catch (error) {
      log.error("plugins could not be loaded again", { error, change });
    }
  }
}

function watchFolder(dir: string, log: Logger, changed: () => void): FSWatcher | undefined {
  try {
    return watch(dir, { recursive: true }, (_event, file) => {
      if (file === null || !isOfNoInterest(file)) changed();
    }).unref();
  } catch (error) {
    log.error(`the plugin folder ${dir} cannot be watched: changes need a SIGHUP`, { error });
    return undefined;
  }
}

function isOfNoInterest(file: string): boolean {
  return file.split("/").some((part) => part === "node_modules" || part.startsWith("."));
}
