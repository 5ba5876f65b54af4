/** The routes of `dev`: those of a file, which is followed, or ready ones for the plugins there are. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type LoadedRoutes,
  noteText,
  parseRoutes,
  RouteFileError,
  type RouteTable,
  watchRoutes,
} from "../../gateway/routes.ts";
import type { CliContext } from "../program.ts";
import { sourcesOf } from "../settings.ts";
import { DevStartError, DevUsageError } from "./errors.ts";
import { BUNDLED_EXAMPLES, type ReadyRoute, readyFile, routesTo } from "./ready-routes.ts";
import type { Paint } from "./report.ts";
import type { DevOptions } from "./run.ts";
import { leavesUpstreamOpen, UPSTREAM, upstreamAddress } from "./upstream.ts";

interface StartedRoutes {
  readonly table: RouteTable;
  /** Those that can be tried at once; of a file's routes nobody knows what they want. */
  readonly ready: readonly ReadyRoute[];
}

/**
 * @param useRoutes told of other routes when the file changes
 * @throws DevUsageError
 * @throws DevStartError
 */
export async function startRoutes(
  parts: AsyncDisposableStack,
  options: DevOptions,
  context: CliContext,
  paint: Paint,
  useRoutes: (table: RouteTable) => void,
): Promise<StartedRoutes> {
  const { routes: file, upstream } = options;
  if (file !== undefined) {
    return { ready: [], table: await followedRoutes(parts, file, upstream, paint, useRoutes) };
  }
  const ready = await readyRoutes(options, context);
  const address = upstreamAddress(parts, upstream);
  return { ready, table: parseRoutes(readyFile(ready, address)).table };
}

async function followedRoutes(
  parts: AsyncDisposableStack,
  file: string,
  upstream: string | undefined,
  paint: Paint,
  useRoutes: (table: RouteTable) => void,
): Promise<RouteTable> {
  const path = resolve(file);
  const env = await environment(parts, path, upstream);
  const warn = ({ warnings }: LoadedRoutes) => {
    for (const warning of warnings) console.log(paint("yellow", noteText(file, warning)));
  };
  try {
    const watcher = await watchRoutes(
      path,
      (event) => {
        if (event.kind === "rejected") {
          console.log(paint("red", `${event.error.message}\nthe routes before go on`));
          return;
        }
        console.log(paint("dim", `${file} was read again: ${event.routes.routes.length} routes`));
        warn(event.routes);
        useRoutes(event.routes.table);
      },
      { env },
    );
    parts.use(watcher);
    warn(watcher.current);
    return watcher.current.table;
  } catch (error) {
    if (error instanceof RouteFileError) throw new DevStartError(error.message, { cause: error });
    throw error;
  }
}

/** What the variables of the file stand for: where it leaves its upstream open, there is one. */
async function environment(
  parts: AsyncDisposableStack,
  path: string,
  upstream: string | undefined,
): Promise<Readonly<Record<string, string | undefined>>> {
  // A file that cannot be read is told of where it is loaded.
  const text = await readFile(path, "utf8").catch(() => "");
  if (leavesUpstreamOpen(text)) {
    const given = upstream ?? process.env[UPSTREAM];
    return { ...process.env, [UPSTREAM]: upstreamAddress(parts, given) };
  }
  if (upstream === undefined) return process.env;
  throw new DevUsageError(
    `--upstream is for the ready routes, and for files that say \${{${UPSTREAM}}}: this one names its upstream itself`,
  );
}

/** Routes to try: the plugins of the author's folders, or the bundled ones. */
async function readyRoutes(
  options: DevOptions,
  context: CliContext,
): Promise<readonly ReadyRoute[]> {
  const { plugins: dirs } = options;
  if (!Array.isArray(dirs)) return BUNDLED_EXAMPLES;
  const { loadedRegistry } = await import("../start/make-runner.ts");
  const { phasesOf } = await import("../../plugin/plugin.ts");
  const { BUNDLED } = await import("../../plugin/bundled.ts");
  const { isProblem } = await import("../../plugin/registry.ts");
  const quiet = { ...options, socket: undefined, logLevel: "error" };
  const plugins = await loadedRegistry({ ...context, ...sourcesOf(quiet) }).all();
  return plugins.flatMap((plugin) =>
    isProblem(plugin) || plugin.source === BUNDLED ? [] : routesTo(plugin.name, phasesOf(plugin)),
  );
}
