/** Loads the plugins of folders, and loads them again while calls go on. */
import { watch } from "node:fs";
import type { Logger } from "../log/logger.ts";
import { loadFolders } from "./folders.ts";
import { prepareAgain, type PrepareOptions } from "./prepare.ts";

export interface FolderPlugins {
  /** Loads all files afresh; resolves when calls run the new code. */
  reload(): Promise<void>;
  /** Reloads whenever a file changes. */
  watch(): void;
}

/** Editors write a file in several steps. */
const SETTLE_MS = 20;

/**
 * @param dirs absolute paths
 * @param timeout ms that a file may take to load
 */
export function folderPlugins(
  dirs: readonly string[],
  options: PrepareOptions,
  timeout: number,
): FolderPlugins {
  return new WatchedFolders(dirs, options, timeout);
}

class WatchedFolders implements FolderPlugins {
  /** One reload after the other: each sees the files as they are when its turn comes. */
  #last: Promise<void> = Promise.resolve();
  #settling: Timer | undefined;

  constructor(
    private readonly dirs: readonly string[],
    private readonly options: PrepareOptions,
    private readonly timeout: number,
  ) {}

  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#load());
    return this.#last;
  }

  watch(): void {
    for (const dir of this.dirs) watchFolder(dir, this.options.log, () => this.#changed());
  }

  async #load(): Promise<void> {
    const { registry, log } = this.options;
    try {
      registry.replaceAdded(await loadFolders(this.dirs, log, this.timeout));
      await prepareAgain(this.options);
    } catch (error) {
      log.error("the plugins of folders could not all be loaded", { error });
    }
  }

  #changed(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      void this.reload().then(() => this.options.log.info("plugins loaded again"));
    }, SETTLE_MS);
  }
}

function watchFolder(dir: string, log: Logger, changed: () => void): void {
  try {
    watch(dir, { recursive: true }, (_event, file) => {
      if (file === null || !isOfNoInterest(file)) changed();
    }).unref();
  } catch (error) {
    log.error(`the plugin folder ${dir} cannot be watched: changes need a SIGHUP`, { error });
  }
}

function isOfNoInterest(file: string): boolean {
  return file.split("/").some((part) => part === "node_modules" || part.startsWith("."));
}
