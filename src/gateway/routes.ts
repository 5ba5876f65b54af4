/** Routes in APISIX's own standalone format: read, and read again when the file changes. */
import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readRoutes } from "./routes/read-routes.ts";
import type { Route } from "./routes/route.ts";
import { RouteTable } from "./routes/route-table.ts";
import type { RouteFileNote } from "./routes/yaml-fields.ts";

export { RouteTable } from "./routes/route-table.ts";
export type { ExtPlugin, ExtPluginName, Route, Upstream } from "./routes/route.ts";
export type { RouteFileNote } from "./routes/yaml-fields.ts";

export interface LoadedRoutes {
  readonly routes: readonly Route[];
  readonly table: RouteTable;
  /** What of the file has no effect here. */
  readonly warnings: readonly RouteFileNote[];
}

/** The file cannot be taken; the message names every mistake with its line. */
export class RouteFileError extends Error {
  override readonly name = "RouteFileError";

  /**
   * @param file as it was named
   * @param problems all of them, in no order
   */
  constructor(
    readonly file: string,
    readonly problems: readonly RouteFileNote[],
    options?: ErrorOptions,
  ) {
    super(problems.map((problem) => noteText(file, problem)).join("\n"), options);
  }
}

/** `apisix.yaml:7: routes[0].upstream: must be a map, not a list`. */
export function noteText(file: string, { line, place, message }: RouteFileNote): string {
  return `${file}:${line}: ${place === "" ? "" : `${place}: `}${message}`;
}

export interface ParseOptions {
  /** For messages. */
  readonly file?: string;
  /** What `${{NAME}}` stands for; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * @param text of an `apisix.yaml`
 * @throws RouteFileError
 */
export function parseRoutes(
  text: string,
  { file = "apisix.yaml", env = process.env }: ParseOptions = {},
): LoadedRoutes {
  if (!/#END\s*$/.test(text.slice(-10))) {
    const line = text.trimEnd().split("\n").length;
    const message = "the last line must be #END: without it APISIX takes the file for half-written";
    throw new RouteFileError(file, [{ line, place: "", message }]);
  }
  const unset: RouteFileNote[] = [];
  const resolved = withVariables(text, env, unset);
  // Whatever changes in the file, runners are to see other confs, as with APISIX.
  const { routes, problems, warnings } = readRoutes(resolved, String(Bun.hash.crc32(resolved)));
  if (unset.length + problems.length > 0) throw new RouteFileError(file, [...unset, ...problems]);
  return { routes, table: new RouteTable(routes), warnings };
}

/** @throws RouteFileError also where the file cannot be read */
export async function loadRoutes(
  file: string,
  options: Omit<ParseOptions, "file"> = {},
): Promise<LoadedRoutes> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const message = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new RouteFileError(file, [{ line: 1, place: "", message }], { cause });
  }
  return parseRoutes(text, { ...options, file });
}

export type RouteFileEvent =
  | { readonly kind: "reloaded"; readonly routes: LoadedRoutes }
  /** The routes stay as they were. */
  | { readonly kind: "rejected"; readonly error: RouteFileError };

/** Writers empty a file first: one that is read at once looks broken. */
const SETTLE_MS = 30;

const LOOK_MS = 1000;

export interface RouteFileWatcher extends Disposable {
  readonly file: string;
  /** Those of the last good file. */
  readonly current: LoadedRoutes;
}

/**
 * Reads the file, and again each time it changes, under whatever name it was written first.
 *
 * @throws RouteFileError where the file is wrong at the start
 */
export async function watchRoutes(
  file: string,
  onEvent: (event: RouteFileEvent) => void,
  options: Omit<ParseOptions, "file"> = {},
): Promise<RouteFileWatcher> {
  let last = await textOf(file);
  let current = await loadRoutes(file, options);
  let reading: Promise<void> | undefined;
  let again = false;

  const reload = async (): Promise<void> => {
    const text = await textOf(file);
    if (text === last) return;
    last = text;
    try {
      current =
        text === undefined
          ? await loadRoutes(file, options)
          : parseRoutes(text, { ...options, file });
      onEvent({ kind: "reloaded", routes: current });
    } catch (error) {
      if (!(error instanceof RouteFileError)) throw error;
      onEvent({ kind: "rejected", error });
    }
  };
  const schedule = (): void => {
    again = true;
    reading ??= (async () => {
      while (again) {
        again = false;
        await setTimeout(SETTLE_MS);
        await reload();
      }
      reading = undefined;
    })();
  };
  // The folder, since editors put a new file in the old one's place.
  const watcher = watch(dirname(file), (_event, name) => {
    if (name === null || name === basename(file)) schedule();
  });
  // Not every file system tells of its changes; APISIX itself looks once a second.
  const timer = setInterval(schedule, LOOK_MS);
  timer.unref();
  return {
    file,
    get current() {
      return current;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      watcher.close();
    },
  };
}

/** `undefined`: there is no such file just now. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}

/** `${{NAME}}`, or `${{NAME:=default}}`, as APISIX puts variables of its environment into the text. */
function withVariables(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  unset: RouteFileNote[],
): string {
  return text.replace(
    /\$\{\{\s*(\w+)\s*(?::=(.*?))?\s*\}\}/g,
    (whole, name: string, preset: string | undefined, at: number) => {
      const value = env[name] ?? preset;
      if (value !== undefined) return value;
      const line = text.slice(0, at).split("\n").length;
      unset.push({ line, place: whole, message: `the environment has no ${name}` });
      return whole;
    },
  );
}
