/** Reloads a runner under load as APISIX does, again and again, and counts what its clients saw. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Clients, type Load } from "./clients.ts";
import { Reloader } from "./reloader.ts";

export interface TrialOptions {
  readonly executable: string;
  readonly reloads: number;
  readonly load: Load;
  /** ms that each client waits between two calls; 0 by default, which keeps two processors busy. */
  readonly pause?: number;
  /** How many workers one runner after the other has; default: none. */
  readonly workers?: readonly number[];
  /** The path is too long for a handover: connections are closed when they have been idle for a while. */
  readonly withoutHandover?: boolean;
}

export interface TrialResult {
  readonly calls: number;
  /** Calls that came to nothing, by what the client was told. */
  readonly failures: Readonly<Record<string, number>>;
  readonly failed: number;
  /**
   * Calls that came to nothing while no successor was there in time: on a machine so crowded that a runner
   * takes seconds to start, nobody is left to answer.
   */
  readonly unavoidable: number;
  /** Reloads whose successor did not have the path 750 ms after its predecessor was told to go. */
  readonly late: number;
  /** Calls that were answered when their conf had been prepared again. */
  readonly retried: number;
  /** Calls whose answer was not the one to this call. */
  readonly wrong: number;
  /** Runners that had to be killed, 1 s after they had been told to go. */
  readonly killed: number;
  /** What all runners wrote. */
  readonly log: string;
  /** What lies in the socket's folder after the last runner has gone. */
  readonly left: readonly string[];
}

/** How much later than its predecessor's SIGTERM every second runner starts, ms. */
const SLOW_START = 500;

/** Bytes that the socket's path needs for no handover to be possible, and still a socket. */
const LONG_PATH = 105;

export async function reloadTrial(options: TrialOptions): Promise<TrialResult> {
  const dir = mkdtempSync(join(tmpdir(), "reload-"));
  const name = options.withoutHandover === true ? "r".repeat(LONG_PATH - dir.length - 1) : "r.sock";
  const reloader = new Reloader(options.executable, dir, join(dir, name), options.workers);
  await reloader.begin();
  if (options.withoutHandover !== true) await appears(join(dir, `${name}.next`));
  const clients = new Clients(join(dir, name), options, reloader);
  await clients.begin();
  for (let i = 0; i < options.reloads; i++) await reloader.reload(i % 2 === 0 ? 0 : SLOW_START);
  await clients.end();
  await reloader.end();
  const left = readdirSync(dir);
  rmSync(dir, { recursive: true });
  const { killed, late, log } = reloader;
  return { ...clients.counts(), killed, late, log, left };
}

async function appears(path: string): Promise<void> {
  while (!existsSync(path)) await Bun.sleep(5);
}
