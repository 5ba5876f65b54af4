/** The plugins by name, bundled and from folders, and the names that lead to none. */
import type { Logger } from "../log/logger.ts";
import { canonicalName, PluginLoadError, pluginFromModule } from "./load-module.ts";
import type { Plugin, PluginProblem } from "./plugin.ts";

/** A plugin inside the executable: its base name, and the import that loads it. */
export type BundledPlugin = readonly [name: string, load: () => Promise<object>];

export const BUNDLED = "bundled";

/** Something that names a plugin; loaded when first used. */
interface Entry {
  readonly name: string;
  readonly source: string;
  loaded: Plugin | PluginProblem | Promise<Plugin | PluginProblem> | undefined;
  readonly load: () => Promise<Plugin | PluginProblem>;
}

export function isProblem(entry: Plugin | PluginProblem): entry is PluginProblem {
  return "problem" in entry;
}

export class PluginRegistry {
  readonly #entries = new Map<string, Entry>();
  #loading: Promise<void> | undefined;

  constructor(
    bundled: readonly BundledPlugin[],
    private readonly log: Logger,
  ) {
    for (const [name, load] of bundled) {
      this.#entries.set(canonicalName(name), {
        name,
        source: BUNDLED,
        loaded: undefined,
        load: () => loadBundled(name, load),
      });
    }
  }

  /** Adds plugins as they come from folders; until the promise settles, {@link find} waits for it. */
  addAll(loading: Promise<readonly (Plugin | PluginProblem)[]>): void {
    this.#loading = loading.then((entries) => {
      for (const entry of entries) this.#add(entry);
      this.#loading = undefined;
    });
  }

  /** The plugin that routes call by this name, kebab or camel case alike. A promise while it is loaded. */
  find(
    name: string,
  ): Plugin | PluginProblem | undefined | Promise<Plugin | PluginProblem | undefined> {
    if (this.#loading !== undefined) return this.#loading.then(() => this.find(name));
    const entry = this.#entries.get(canonicalName(name));
    return entry && this.#load(entry);
  }

  /** Every name there is, loaded and sorted. */
  async all(): Promise<(Plugin | PluginProblem)[]> {
    await this.#loading;
    const entries = await Promise.all(
      Array.from(this.#entries.values(), (entry) => this.#load(entry)),
    );
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Names in use, for error messages. */
  names(): string[] {
    return Array.from(this.#entries.values(), ({ name }) => name).sort();
  }

  #add(added: Plugin | PluginProblem): void {
    const key = canonicalName(added.name);
    const before = this.#entries.get(key);
    const entry = before === undefined ? added : usedTwice(added.name, before.source, added.source);
    if (isProblem(entry)) {
      this.log.error(`plugin ${entry.name} did not load: ${entry.problem}`, { file: entry.source });
    }
    this.#entries.set(key, {
      name: entry.name,
      source: entry.source,
      loaded: entry,
      load: () => Promise.resolve(entry),
    });
  }

  #load(entry: Entry): Plugin | PluginProblem | Promise<Plugin | PluginProblem> {
    entry.loaded ??= entry.load().then((loaded) => {
      if (isProblem(loaded))
        this.log.error(`plugin ${loaded.name} did not load: ${loaded.problem}`);
      return (entry.loaded = loaded);
    });
    return entry.loaded;
  }
}

/** Neither may win by chance: routes that name it fail until one of the two is renamed. */
function usedTwice(name: string, first: string, second: string): PluginProblem {
  return {
    name,
    source: second,
    problem: `the name is used twice, by ${first === BUNDLED ? "a bundled plugin" : first} and ${second}; rename one of the files`,
  };
}

async function loadBundled(
  name: string,
  load: () => Promise<object>,
): Promise<Plugin | PluginProblem> {
  try {
    return pluginFromModule(await load(), name, BUNDLED);
  } catch (error) {
    const problem = error instanceof PluginLoadError ? error.message : String(error);
    return { name, source: BUNDLED, problem };
  }
}
