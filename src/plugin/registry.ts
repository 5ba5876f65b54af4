/** The plugins by name, bundled and from folders, and the names that lead to none. */
import type { Logger } from "../log/logger.ts";
import { BUNDLED, type BundledPlugin } from "./bundled.ts";
import { freezeSdk } from "./freeze-sdk.ts";
import { canonicalName, PluginLoadError } from "./exports.ts";
import { pluginFromModule } from "./load-module.ts";
import type { Plugin, PluginProblem } from "./plugin.ts";

export function isProblem(entry: Plugin | PluginProblem): entry is PluginProblem {
  return "problem" in entry;
}

type Loaded = Plugin | PluginProblem;

interface SkippedFile {
  readonly plugin: string;
  /** At least the beginning of its path. */
  readonly file: string;
}

export class PluginRegistry {
  /** Loaded when first used. */
  readonly #bundled: ReadonlyMap<string, Bundled>;
  /** Those of folders, by their name in common form. */
  #added: ReadonlyMap<string, Loaded> = new Map();
  #loading: Promise<void> | undefined;
  /** Plugins that are not called on a route any more: see {@link refuse}. */
  readonly #refused = new Set<string>();
  /** Files that are not loaded: see {@link skip}. */
  #skipped: readonly SkippedFile[] = [];
  /** Told that nothing is held against any plugin any more. */
  onPardon: (() => void) | undefined;

  constructor(
    bundled: readonly BundledPlugin[],
    private readonly log: Logger,
  ) {
    freezeSdk();
    this.#bundled = new Map(
      bundled.map(([name, load]) => [canonicalName(name), new Bundled(name, load, log)]),
    );
  }

  /** Makes {@link find} wait, while the first plugins of folders are being loaded. */
  waitFor(loading: Promise<unknown>): void {
    const done = (): void => {
      this.#loading = undefined;
    };
    this.#loading = loading.then(done, (error: unknown) => {
      done();
      this.log.error("the plugins of folders could not be loaded", { error });
    });
  }

  /** The plugin that routes call by this name, kebab or camel case alike. A promise while it is loaded. */
  find(name: string): Loaded | undefined | Promise<Loaded | undefined> {
    if (this.#loading !== undefined) return this.#loading.then(() => this.find(name));
    const key = canonicalName(name);
    return this.#added.get(key) ?? this.#bundled.get(key)?.plugin();
  }

  /** Has no call of the route run the plugin, until {@link pardon}: it has hung the process too often. */
  refuse(name: string, routeKey: string): void {
    this.#refused.add(refusalKey(name, routeKey));
  }

  /** Has these files not loaded, until {@link pardon}: the process hung while they were. */
  skip(files: readonly SkippedFile[]): void {
    this.#skipped = files;
  }

  /** Lets all plugins be loaded, and run everywhere, again. */
  pardon(): void {
    this.#refused.clear();
    this.#skipped = [];
    this.onPardon?.();
  }

  isRefused(name: string, routeKey: string): boolean {
    return this.#refused.size > 0 && this.#refused.has(refusalKey(name, routeKey));
  }

  isSkipped(name: string, path: string): boolean {
    return this.#skipped.some(({ plugin, file }) => plugin === name && path.startsWith(file));
  }

  /** Every name there is, loaded and sorted. */
  async all(): Promise<Loaded[]> {
    await this.#loading;
    const bundled = Array.from(this.#bundled, ([key, entry]) =>
      this.#added.has(key) ? undefined : entry.plugin(),
    );
    const entries = [...(await Promise.all(bundled)), ...this.#added.values()];
    return entries
      .filter((entry) => entry !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Names in use, for error messages. */
  names(): string[] {
    const entries = [...this.#bundled.values(), ...this.#added.values()];
    return [...new Set(entries.map(({ name }) => name))].sort();
  }

  /**
   * Makes these the plugins of folders. One whose file no longer loads leaves the plugin that it
   * was in place.
   *
   * @returns how many there are now, and how many names lead to none or to the version before
   */
  replaceAdded(loaded: readonly Loaded[]): { plugins: number; failed: number } {
    const before = this.#added;
    let failed = 0;
    const added = new Map<string, Loaded>();
    for (const entry of loaded) {
      const key = canonicalName(entry.name);
      const other = added.get(key) ?? this.#bundled.get(key);
      added.set(key, other === undefined ? entry : usedTwice(entry, other.source));
    }
    for (const [key, entry] of added) {
      if (!isProblem(entry)) continue;
      failed++;
      const old = before.get(key);
      const goesOn = old !== undefined && !isProblem(old);
      if (goesOn) added.set(key, old);
      logProblem(this.log, entry, goesOn ? "; the version before goes on" : "");
    }
    this.#added = added;
    const kept = new Set(added.values());
    for (const old of before.values()) if (!kept.has(old) && !isProblem(old)) old.lease?.end();
    // One of two that share a name has no use for what it loaded.
    for (const entry of loaded) if (!kept.has(entry) && !isProblem(entry)) entry.lease?.end();
    return { plugins: [...kept].filter((entry) => !isProblem(entry)).length, failed };
  }
}

function refusalKey(name: string, routeKey: string): string {
  return `${canonicalName(name)} ${routeKey}`;
}

/** A plugin inside the executable. */
class Bundled {
  readonly source = BUNDLED;
  #loaded: Loaded | Promise<Loaded> | undefined;

  constructor(
    readonly name: string,
    private readonly load: () => Promise<object>,
    private readonly log: Logger,
  ) {}

  plugin(): Loaded | Promise<Loaded> {
    return (this.#loaded ??= this.#load());
  }

  async #load(): Promise<Loaded> {
    const loaded = await loadBundled(this.name, this.load);
    if (isProblem(loaded)) logProblem(this.log, loaded);
    return (this.#loaded = loaded);
  }
}

function logProblem(log: Logger, { name, problem, source }: PluginProblem, also = ""): void {
  log.error(`plugin ${name} did not load: ${problem}${also}`, { file: source });
}

/** Neither may win by chance: routes that name it fail until one of the two is renamed. */
function usedTwice({ name, source }: Loaded, other: string): PluginProblem {
  const first = other === BUNDLED ? "a bundled plugin" : other;
  return {
    name,
    source,
    problem: `the name is used twice, by ${first} and ${source}; rename one of the files`,
  };
}

async function loadBundled(name: string, load: () => Promise<object>): Promise<Loaded> {
  try {
    return pluginFromModule(await load(), name, BUNDLED);
  } catch (error) {
    const problem = error instanceof PluginLoadError ? error.message : String(error);
    return { name, source: BUNDLED, problem };
  }
}
