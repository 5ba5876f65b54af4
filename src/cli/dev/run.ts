/** Starts what `dev` is made of: upstream, routes, runner, gateway; and ends it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import type { PhaseEvent, RequestEvent } from "../../gateway/events.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../gateway/gateway.ts";
import { ownCommand } from "../call/runner.ts";
import type { CliContext } from "../program.ts";
import { settingArgs, type SettingOptions } from "../settings.ts";
import { DevStartError, DevUsageError } from "./errors.ts";
import { withProject } from "./project.ts";
import { curlsOf, type ReadyRoute } from "./ready-routes.ts";
import { type Paint, reportOf } from "./report.ts";
import { startRoutes } from "./routes.ts";
import { RunnerChild } from "./runner-child.ts";
import { RunnerLog } from "./runner-log.ts";

export { DevStartError, DevUsageError };

export interface DevOptions extends SettingOptions {
  readonly routes?: string;
  readonly upstream?: string;
  /** Folders. */
  readonly plugins?: readonly string[];
  readonly port: number;
  readonly host: string;
  readonly socket?: string;
  readonly env?: readonly string[];
  readonly verbose?: true;
  readonly once?: true;
}

/** Colour on a terminal, none when piped; NO_COLOR is obeyed. */
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

export async function runDev(given: DevOptions, context: CliContext): Promise<void> {
  const options = withProject(given);
  if (options.routes !== undefined && options.once) {
    throw new DevUsageError(
      "--once sends the requests of the ready routes: of those in --routes it knows no request; leave one of the two out",
    );
  }
  await using parts = new AsyncDisposableStack();
  const log = new RunnerLog((line) => console.log(paint("dim", `[runner] ${line}`)));
  let gateway: Gateway | undefined;
  const { ready, table: routes } = await startRoutes(parts, options, context, paint, (table) =>
    gateway?.useRoutes(table),
  );
  const runnerSocket =
    options.socket ?? (await startRunner(parts, options, log, () => gateway?.forgetTokens()));
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
