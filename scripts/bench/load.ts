/** Drives one load at one server, through whichever load client there is. */
import { MODES } from "./client/options.ts";
import type { Tools } from "./tools.ts";

export interface Load {
  readonly mode: (typeof MODES)[number];
  /** Plugins in the order of their chain, with their confs. Default: one that no server knows, for those that do not care. */
  readonly conf?: readonly (readonly [name: string, value: string])[];
  /** Default: 32. */
  readonly connections?: number;
  /** Default: {@link HEADERS}. */
  readonly headers?: number;
  /** Default: 1. */
  readonly confs?: number;
  /** More headers, of the request or the response. */
  readonly givenHeaders?: Readonly<Record<string, string>>;
  /** Bytes of the body that a question gets; default: {@link BODY_SIZE}. */
  readonly bodySize?: number;
  /** A file that holds it, instead of so many bytes. */
  readonly bodyFile?: string;
}

export const HEADERS = 12;
export const BODY_SIZE = 64;

/** The same confs each time: a server that kept those of every round would never be the same twice. */
export const KEY = "bench";

/** How long to drive it: for a time, or so many calls. */
export interface Extent {
  /** s that are measured, after `warmup` s that are not. */
  readonly seconds?: number;
  readonly warmup?: number;
  readonly requests?: number;
  /** Calls a second; default: as many as are answered. */
  readonly rate?: number;
  /** Looks at every reply: costs the client time. */
  readonly verify?: boolean;
}

/** What the client reports of it, as far as the bench reads it. Times in µs, memory in kB. */
export interface LoadReport {
  readonly seconds: number;
  readonly requests: number;
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly runner_us_per_req: number;
  readonly rss_kb: number;
  readonly hwm_kb: number;
  /** For one PrepareConf. */
  readonly prepare_us: number;
}

export interface Target {
  readonly socket: string;
  readonly pid: number;
}

/** @throws Error with what the client said, where one call was not answered as it must */
export async function drive(
  tools: Tools,
  { socket, pid }: Target,
  load: Load,
  extent: Extent,
): Promise<LoadReport> {
  const { seconds, warmup = 0.1, requests, rate, verify = false } = extent;
  const options: Record<string, string | number | undefined> = {
    socket,
    pid,
    mode: load.mode,
    key: KEY,
    connections: load.connections ?? 32,
    headers: load.headers,
    confs: load.confs,
    "body-size": load.bodySize,
    "body-file": load.bodyFile,
    duration: seconds,
    warmup,
    requests,
    rate: rate === undefined ? undefined : Math.round(rate),
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return runClient<LoadReport>(tools, [
    ...given.flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...confOptions(load),
    ...Object.entries(load.givenHeaders ?? {}).flatMap(([name, value]) => [
      "--header",
      `${name}=${value}`,
    ]),
    ...(verify ? ["--verify"] : []),
    "--json",
  ]);
}

/** ms from the start of a command to its first PrepareConf reply; one figure a start. */
export async function timeStartUp(
  tools: Tools,
  { socket, cwd }: { readonly socket: string; readonly cwd: string },
  load: Load,
  command: readonly string[],
): Promise<number> {
  const args = ["--socket", socket, ...confOptions(load), "--startup", "1", "--", ...command];
  const report = await runClient<{ readonly startup_ms_median: number }>(tools, args, cwd);
  return report.startup_ms_median;
}

function confOptions({ conf = [["any", "{}"]] }: Load): string[] {
  return conf.flatMap(([name, value]) => ["--conf", `${name}=${value}`]);
}

/** The report is as both clients print it. */
async function runClient<Report>(
  { load: command }: Tools,
  args: readonly string[],
  cwd?: string,
): Promise<Report> {
  const child = Bun.spawn([...command, ...args], {
    ...(cwd !== undefined && { cwd }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  if (code !== 0) {
    throw new Error(
      `the load client ended with ${code}: ${stderr}${stdout}\nit was given: ${args.join(" ").slice(0, 400)}`,
    );
  }
  try {
    return JSON.parse(stdout) as Report;
  } catch (cause) {
    throw new Error(`the load client reported ${stdout}`, { cause });
  }
}
