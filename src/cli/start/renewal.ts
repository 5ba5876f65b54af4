/** The next process image, between two calls: same process id, same socket, same connections, same confs. */
import { closeSync } from "node:fs";
import type { Runner } from "../../rpc/runner.ts";
import { writeConfs } from "../../server/conf-file.ts";
import { openMemoryFile } from "../../server/memory-file.ts";
import type { Serving } from "../../server/serving.ts";
import {
  type Bequest,
  BEQUEST_VARIABLE,
  counted,
  descriptorsOf,
  type History,
  MAX_CONNECTIONS,
} from "../../watchdog/bequest.ts";
import { openExec } from "../../watchdog/exec.ts";

/** ms that calls may be kept waiting for one that is under way. */
const PATIENCE_MS = 1_000;

export interface RenewalOptions {
  readonly serving: Serving;
  readonly runner: Runner;
  readonly history: History;
  /** Whether the process has been told to end meanwhile. */
  readonly isStopping: () => boolean;
}

/**
 * Does not return where it succeeds.
 *
 * @returns why the process goes on
 * @throws where the system refuses; the process goes on then, too
 */
export async function renew({
  serving,
  runner,
  history,
  isStopping,
}: RenewalOptions): Promise<string> {
  const exec = openExec();
  const standstill = await serving.standStill(PATIENCE_MS);
  if (standstill === undefined) {
    return `calls were under way for longer than ${PATIENCE_MS} ms, or another runner takes over`;
  }
  let confs: number | undefined;
  try {
    if (isStopping()) return "it ends";
    const { connections } = standstill;
    const { post } = serving;
    if (connections.length > MAX_CONNECTIONS) return `it has ${connections.length} connections`;
    confs = openMemoryFile();
    // A worker's supervisor has them: what it says meanwhile, the next image would not have heard.
    if (post.channel === undefined) writeConfs(confs, runner.confs);
    const bequest: Bequest = { ...post, connections, confs, ...counted(history, "memory") };
    exec.keepOpen([...descriptorsOf(post), confs, ...connections]);
    return exec.replace(BEQUEST_VARIABLE, JSON.stringify(bequest));
  } finally {
    if (confs !== undefined) closeSync(confs);
    standstill.end();
  }
}
