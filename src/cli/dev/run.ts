/** Starts what `dev` is made of: upstream, routes, runner, gateway, inspector; and ends it. */
import { styleText } from "node:util";
import type { RequestEvent } from "../../gateway/events.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../gateway/gateway.ts";
import type { RouteTable } from "../../gateway/routes.ts";
import { BODY_LIMIT } from "../../inspector/body-view.ts";
import { RequestWatch } from "../../inspector/request-watch.ts";
import type { CliContext } from "../program.ts";
import type { SettingOptions } from "../settings.ts";
import { DevStartError, DevUsageError } from "./errors.ts";
import { type Addresses, introduction } from "./introduction.ts";
import { makeInspector, serveInspector } from "./inspector.ts";
import { withProject } from "./project.ts";
import { curlsOf, type ReadyRoute } from "./ready-routes.ts";
import { openRecording } from "./record.ts";
import { type Paint, reportOf } from "./report.ts";
import { startRoutes } from "./routes.ts";
import { lineForPeople } from "./runner-log.ts";
import { startRunner } from "./runner.ts";

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
  readonly inspectPort?: number;
  /** False: nobody wants one. */
  readonly inspector: boolean;
  /** A file. */
  readonly record?: string;
  /** What is recorded has its secrets. */
  readonly recordSecrets?: true;
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
  let gateway: Gateway | undefined;
  let table: RouteTable | undefined;
  const started = await startRoutes(parts, options, context, paint, (changed) => {
    table = changed;
    gateway?.useRoutes(changed);
  });
  table ??= started.table;
  const routes = table;

  const inspector =
    options.inspector && !options.once
      ? makeInspector(
          options,
          () => gateway ?? notYet(),
          () => table ?? routes,
        )
      : undefined;
  const watch = new RequestWatch(
    (id) => inspector?.history.get(id),
    (inspected) => inspector?.history.put(inspected),
  );
  const record = openRecording(parts, options);
  const tell = async (event: RequestEvent): Promise<void> => {
    const inspected = await watch.inspected(event);
    console.log(reportOf(event, { paint, verbose: options.verbose === true, inspected }));
    inspector?.add(inspected, event);
    record?.(inspected);
  };

  const runnerSocket =
    options.socket ??
    (await startRunner(parts, {
      settings: options,
      env: options.env ?? [],
      onTrace: (trace) => watch.trace(trace),
      onLine: (text) => {
        const line = lineForPeople(text);
        if (line !== undefined) console.log(paint("dim", `[runner] ${line}`));
      },
      onExit(code, restartIn) {
        gateway?.forgetTokens();
        const again = `it is started again in ${restartIn / 1000} s`;
        console.log(paint("red", `the runner ended with ${code}; ${again}`));
      },
    }));
  gateway = await listen(options, {
    host: options.host,
    port: options.port,
    routes,
    runnerSocket,
    onRequest: (event) => setTimeout(() => void tell(event), TRACE_DELAY_MS),
    keptResponse: (inspector ?? record) ? BODY_LIMIT : 0,
    routesFor: (client) => inspector?.routesFor(client),
  });
  parts.use(gateway);
  const addresses: Addresses = {
    gateway: gateway.url,
    ...(inspector && { inspector: serveInspector(parts, inspector, options) }),
    runner: runnerSocket,
    routes: options.routes,
    record: options.record,
  };
  // Whoever reads it may be quick to end us.
  const end = options.once ? undefined : interrupted();
  console.log(introduction(addresses, curlsOf(started.ready, gateway.url), paint));
  if (options.once) await sendOnce(gateway.url, started.ready);
  else await end;
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

/** Nobody can have opened the page before its address was printed. */
function notYet(): never {
  throw new Error("the gateway does not listen yet");
}

/** The runner has sent its traces before it replied, but one socket may be slower than the other. */
const TRACE_DELAY_MS = 10;

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
