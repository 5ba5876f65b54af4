/** Finds and loads the plugin files of folders, each in a module graph of its own. */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { worldWritableWithin } from "../config/world-writable.ts";
import type { Logger } from "../log/logger.ts";
import { board } from "../watchdog/board.ts";
import { pluginFromModule } from "./load-module.ts";
import { describeLoadError } from "./load-error.ts";
import { createModuleScope, type ModuleScope } from "./module-scope.ts";
import type { Plugin, PluginLease, PluginProblem } from "./plugin.ts";
import type { PluginRegistry } from "./registry.ts";
import type { StrayErrors } from "./stray-errors.ts";

/** What a file has to be called to be a plugin; tests and type declarations lie beside them. */
const PLUGIN_FILE = /^(?!.*\.(?:test|spec|d)\.)([^.].*)\.(?:ts|js|mts|mjs)$/;

const INDEX_FILES = ["index.ts", "index.js", "index.mts", "index.mjs"];

interface Candidate {
  /** What the plugin is called: the file's base name, or the folder's. */
  readonly name: string;
  readonly file: string;
}

interface LoadSettings {
  readonly dirs: readonly string[];
  /** ms that a file may take to load. */
  readonly timeout: number;
  readonly allowUnsafe: boolean;
}

interface LoadOptions {
  readonly registry: PluginRegistry;
  readonly log: Logger;
  readonly strayErrors: StrayErrors;
}

/** What a file takes that runs nothing but its own code: one that takes longer waits for something. */
const HEAD_START_MS = 50;

/**
 * Loads every plugin in the folders. One that does not load becomes a problem; it keeps no other
 * from loading.
 */
export async function loadFolders(
  { dirs, timeout, allowUnsafe }: LoadSettings,
  { registry, log, strayErrors }: LoadOptions,
): Promise<(Plugin | PluginProblem)[]> {
  const isTrusting = allowUnsafe || process.geteuid?.() !== 0;
  const loading: Promise<Plugin | PluginProblem>[] = [];
  for (const dir of dirs) {
    const candidates = findPlugins(dir, log);
    // A file may import any other one, so they are believed together or not at all.
    const who = isTrusting || candidates.length === 0 ? undefined : worldWritableWithin(dir);
    for (const candidate of candidates) {
      const problem = who === undefined ? skipped(candidate, registry) : notSafe(who);
      if (problem !== undefined) {
        loading.push(Promise.resolve(problemOf(candidate, problem)));
        continue;
      }
      const file = loadFile(candidate, strayErrors, timeout);
      loading.push(file);
      // One after the other, so that the one that hangs is known, and the event loop turns in between.
      await Promise.race([file.then(() => new Promise(setImmediate)), Bun.sleep(HEAD_START_MS)]);
    }
  }
  return Promise.all(loading);
}

function problemOf({ name, file }: Candidate, problem: string): PluginProblem {
  return { name, source: file, problem };
}

function skipped({ name, file }: Candidate, registry: PluginRegistry): string | undefined {
  return registry.isSkipped(name, file)
    ? "the process hung while it was loaded, and had to be replaced: code at its top level, or of a file that it imports, does not yield; mend it, then reload (SIGHUP) or restart"
    : undefined;
}

function notSafe(who: string): string {
  return `root runs no code that every user can change: ${who}; change that, or run the runner as another user, or set plugins.allowUnsafe`;
}

/** The plugin files of one folder, sorted by name. A folder that cannot be read is an error in the log. */
export function findPlugins(dir: string, log: Logger): Candidate[] {
  const candidates: Candidate[] = [];
  try {
    for (const entry of readdirSync(dir).sort()) {
      const path = join(resolve(dir), entry);
      if (entry === "node_modules" || entry.startsWith(".")) continue;
      if (statSync(path).isDirectory()) {
        const index = INDEX_FILES.map((name) => join(path, name)).find(isFile);
        if (index !== undefined) candidates.push({ name: entry, file: index });
      } else {
        const name = PLUGIN_FILE.exec(entry)?.[1];
        if (name !== undefined) candidates.push({ name, file: path });
      }
    }
  } catch (error) {
    log.error(`the plugin folder ${dir} cannot be read: none of its plugins is there`, { error });
  }
  return candidates;
}

async function loadFile(
  { name, file }: Candidate,
  strayErrors: StrayErrors,
  timeout: number,
): Promise<Plugin | PluginProblem> {
  const scope = createModuleScope((error, kind) => strayErrors.report(error, kind, name));
  const place = board.load(name, file);
  try {
    const exports = await withinTime(scope.import(file), timeout);
    const plugin = inScope(pluginFromModule(exports, name, file), scope);
    plugin.lease = new ScopeLease(scope);
    return plugin;
  } catch (error) {
    scope.dispose();
    return problemOf({ name, file }, describeLoadError(error, file));
  } finally {
    board.done(place);
  }
}

/** Runs the plugin's functions in its scope, so that what they leave behind is known to be its. */
function inScope(plugin: Plugin, scope: ModuleScope): Plugin {
  const { setup, request, response } = plugin;
  plugin.setup = setup && ((config, context) => scope.run(setup, config, context));
  plugin.request = request && ((context) => scope.run(request, context));
  plugin.response = response && ((context) => scope.run(response, context));
  return plugin;
}

/** Disposes of the scope when a newer version has taken over and the last conf has let go. */
class ScopeLease implements PluginLease {
  #users = 0;
  #ended = false;

  constructor(private readonly scope: ModuleScope) {}

  acquire(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    this.#disposeIfUnused();
  }

  end(): void {
    this.#ended = true;
    this.#disposeIfUnused();
  }

  #disposeIfUnused(): void {
    if (this.#ended && this.#users === 0) this.scope.dispose();
  }
}

function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    reject(
      new Error(`did not finish loading within ${ms} ms: is there an await at its top level?`),
    );
  }, ms);
  work.finally(() => clearTimeout(timer)).then(resolve, reject);
  return promise;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
