/** Starts what `dev` is made of: upstream, routes, runner, gateway; and ends it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { styleText } from "node:util";
import type { PhaseEvent, RequestEvent } from "../../gateway/events.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../gateway/gateway.ts";
import {
  type LoadedRoutes,
  noteText,
  parseRoutes,
  RouteFileError,
  type RouteTable,
  watchRoutes,
} from "../../gateway/routes.ts";
import { ownCommand } from "../call/runner.ts";
import type { CliContext } from "../program.ts";
import { settingArgs, type SettingOptions, sourcesOf } from "../settings.ts";
import { startEcho } from "./echo.ts";
import { BUNDLED_EXAMPLES, curlsOf, type ReadyRoute, readyFile, routesTo } from "./ready-routes.ts";
import { type Paint, reportOf } from "./report.ts";
import { RunnerChild } from "./runner-child.ts";
import { RunnerLog } from "./runner-log.ts";

export interface DevOptions extends SettingOptions {
  readonly routes?: string;
  readonly upstream?: string;
  readonly port: number;
  readonly host: string;
  readonly socket?: string;
  readonly env?: readonly string[];
  readonly verbose?: true;
  readonly once?: true;
}

/** Thrown for options that do not go together. */
export class DevUsageError extends Error {
  override readonly name = "DevUsageError";
}

/** Thrown for what cannot be started. What had been is ended before this is reported. */
export class DevStartError extends Error {
  override readonly name = "DevStartError";
}

/** Colour on a terminal, none when piped; NO_COLOR is obeyed. */
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

export async function runDev(options: DevOptions, context: CliContext): Promise<void> {
  if (options.routes !== undefined && options.upstream !== undefined) {
    throw new DevUsageError("--upstream is for the ready routes: with --routes the file names it");
  }
  await using parts = new AsyncDisposableStack();
  const log = new RunnerLog((line) => console.log(paint("dim", `[runner] ${line}`)));
  let gateway: Gateway | undefined;
  const runnerSocket =
    options.socket ?? (await startRunner(parts, options, log, () => gateway?.forgetTokens()));
  const ready = options.routes === undefined ? await readyRoutes(options, context) : [];
  const routes = await routesOf(parts, options, ready, (table) => gateway?.useRoutes(table));
  gateway = await listen(options, {
    host: options.host,
    port: options.port,
    routes,
    runnerSocket,
    onRequest: (event) => setTimeout(report, TRACE_DELAY_MS, event, log, options),
  });
  parts.use(gateway);
  const curls = curlsOf(ready, gateway.url);
  console.log(introduction(gateway.url, curls, options, runnerSocket));
  if (options.once) await sendOnce(gateway.url, ready);
  else await interrupted();
}

async function listen(options: DevOptions, gateway: GatewayOptions): Promise<Gateway> {
  try {
    return await startGateway(gateway);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DevStartError(
      `the gateway cannot listen on ${options.host}:${options.port}: ${reason}; try --port 0`,
      { cause: error },
    );
  }
}

/** The runner has logged what its plugins did before it replied, but a pipe may be slower than a socket. */
const TRACE_DELAY_MS = 10;

function report(event: RequestEvent, log: RunnerLog, options: DevOptions): void {
  const tracesOf = ({ reply }: PhaseEvent) => (reply === undefined ? [] : log.take(reply.id));
  console.log(reportOf(event, { paint, verbose: options.verbose === true, tracesOf }));
}

/** A runner of this executable, kept as APISIX keeps it. Returns where it listens. */
async function startRunner(
  parts: AsyncDisposableStack,
  options: DevOptions,
  log: RunnerLog,
  onExit: () => void,
): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "apisix-bun-runner-dev-"));
  parts.defer(() => rmSync(home, { recursive: true, force: true }));
  const socket = join(home, "conf", `apisix-${process.pid}.sock`);
  const runner = await RunnerChild.start({
    command: [
      ...ownCommand(),
      "start",
      ...settingArgs({ ...options, socket: undefined, logLevel: "debug" }),
      "--watch",
      "--log-format=json",
    ],
    socket,
    home,
    env: Object.fromEntries((options.env ?? []).map(variable)),
    onLine: (line) => log.line(line),
    onExit(code, restartIn) {
      onExit();
      const again = `it is started again in ${restartIn / 1000} s`;
      console.log(paint("red", `the runner ended with ${code}; ${again}`));
    },
  });
  parts.use(runner);
  return socket;
}

/** `NAME`, with its value here, or `NAME=value`. */
function variable(text: string): [name: string, value: string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, process.env[text]] : [text.slice(0, at), text.slice(at + 1)];
}

/** Routes to try: the plugins of the author's folders, or the bundled ones. */
async function readyRoutes(
  options: DevOptions,
  context: CliContext,
): Promise<readonly ReadyRoute[]> {
  const { plugins: dirs } = options;
  if (!Array.isArray(dirs)) return BUNDLED_EXAMPLES;
  const { loadedRegistry } = await import("../start.ts");
  const { phasesOf } = await import("../../plugin/plugin.ts");
  const { BUNDLED, isProblem } = await import("../../plugin/registry.ts");
  const quiet = { ...options, socket: undefined, logLevel: "error" };
  const plugins = await loadedRegistry({ ...context, ...sourcesOf(quiet) }).all();
  return plugins.flatMap((plugin) =>
    isProblem(plugin) || plugin.source === BUNDLED ? [] : routesTo(plugin.name, phasesOf(plugin)),
  );
}

/** The routes of the file, which is followed; without one, the ready ones. */
async function routesOf(
  parts: AsyncDisposableStack,
  { routes: file, upstream }: DevOptions,
  ready: readonly ReadyRoute[],
  useRoutes: (table: RouteTable) => void,
): Promise<RouteTable> {
  if (file === undefined) {
    const address = upstream === undefined ? startedEcho(parts) : addressOf(upstream);
    return parseRoutes(readyFile(ready, address)).table;
  }
  const path = resolve(file);
  const warn = ({ warnings }: LoadedRoutes) => {
    for (const warning of warnings) console.log(paint("yellow", noteText(file, warning)));
  };
  try {
    const watcher = await watchRoutes(path, (event) => {
      if (event.kind === "rejected") {
        console.log(paint("red", `${event.error.message}\nthe routes before go on`));
        return;
      }
      console.log(paint("dim", `${file} was read again: ${event.routes.routes.length} routes`));
      warn(event.routes);
      useRoutes(event.routes.table);
    });
    parts.use(watcher);
    warn(watcher.current);
    return watcher.current.table;
  } catch (error) {
    if (error instanceof RouteFileError) throw new DevStartError(error.message, { cause: error });
    throw error;
  }
}

function startedEcho(parts: AsyncDisposableStack): string {
  const echo = startEcho();
  parts.use(echo);
  return echo.address;
}

/** @throws DevUsageError for what is no plain HTTP address */
function addressOf(upstream: string): string {
  const url = URL.parse(upstream.includes("://") ? upstream : `http://${upstream}`);
  if (url?.protocol === "http:" && url.pathname === "/") return `${url.hostname}:${url.port || 80}`;
  throw new DevUsageError(
    `--upstream ${upstream} is no http://host:port; for a path, https or several nodes write a routes file`,
  );
}

function introduction(
  url: string,
  curls: readonly string[],
  { routes }: DevOptions,
  socket: string,
): string {
  return [
    `${paint("bold", "Development gateway")} on ${url}: for trying plugins, not for production`,
    `  runner   ${socket}`,
    `  routes   ${routes ?? "ready ones; --routes FILE takes an apisix.yaml"}`,
    ...(curls.length > 0 ? ["", "Try:", ...curls.map((curl) => `  ${curl}`)] : []),
    "",
    paint("dim", "Ctrl-C ends it. Each request is a line:"),
  ].join("\n");
}

/** Sends what it told the reader to send. */
async function sendOnce(url: string, ready: readonly ReadyRoute[]): Promise<void> {
  for (const { uri, curl } of ready) {
    const body = /-d '(.*)'/.exec(curl ?? "")?.[1];
    const response = await fetch(`${url}${uri}?a=1`, {
      ...(body !== undefined && { method: "POST", body }),
    });
    const text = await response.text();
    console.log(`\n${response.status} ${uri}\n${text.trimEnd()}`);
  }
  await Bun.sleep(TRACE_DELAY_MS * 2);
}

/** Resolves at the first signal to end. */
function interrupted(): Promise<void> {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end());
  return promise;
}
