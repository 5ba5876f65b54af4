/** A process whose image is replaced under the same pid: what the old one leaves, and what the new one does with it. */
import { Inheritance } from "../../rpc/inheritance.ts";
import type { InheritedConf } from "../../plugin/conf-cache.ts";
import { prepareInherited } from "../../plugin/prepare.ts";
import type { LiveRunner, Runner } from "../../rpc/runner.ts";
import { readConfs } from "../../server/conf-file.ts";
import type { Serving } from "../../server/serving.ts";
import type { Bequest, History } from "../../watchdog/bequest.ts";

/** Has the process go on in a fresh image. @returns or throws why it could not */
export async function replaceBetweenCalls(
  serving: Serving,
  runner: Runner,
  history: History,
  isStopping: () => boolean,
): Promise<string> {
  const { renew } = await import("./renewal.ts");
  return renew({ serving, runner, history, isStopping });
}

/** Nobody is left to ask. */
const GONE = { isGone: true, find: () => Promise.resolve() };

/** Those that were answered before there was a runner: it makes them into chains now. */
export function prepareReceived(
  confs: ReadonlyMap<number, InheritedConf>,
  runner: LiveRunner,
): void {
  if (confs.size === 0) return;
  runner.inheritance = new Inheritance(runner.confs, GONE);
  for (const [token, conf] of confs) {
    runner.inheritance.add(token, conf);
    runner.observer?.confPrepared();
    // One that fails does so again, and says why, when a call asks for it.
    prepareInherited(token, runner).catch(() => undefined);
  }
}

/** Those that the process image before this one had prepared: made into chains when a call asks for one. */
export function inheritConfs(file: number, runner: LiveRunner): void {
  try {
    readConfs(file, runner.confs);
    runner.inheritance = new Inheritance(runner.confs, GONE);
  } catch (error) {
    runner.log.error("what APISIX had prepared is lost: it will prepare its confs again", {
      error,
    });
  }
}

/** The process image before this one was replaced: it had too much memory, or a plugin did not yield. */
export function goOn(
  { confs, connections, spent = [] }: Bequest,
  { hangs, refused, skipped }: History,
  runner: Runner,
): void {
  const { registry, log } = runner;
  for (const { plugin, route } of refused) registry.refuse(plugin, route);
  registry.skip(skipped);
  if (confs !== undefined) {
    log.warn("took over from the process image before, which had too much memory", {
      resident: process.memoryUsage.rss(),
      pid: process.pid,
      connections: connections.length,
      confs: runner.confs.size,
    });
    return;
  }
  for (const descriptor of spent) readOut(descriptor);
  const last = hangs.at(-1);
  log.warn("took over from the process image before, in which a plugin did not yield", {
    plugin: last?.plugin,
    route: last?.route,
    file: last?.file,
    pid: process.pid,
    connections: connections.length,
    replacements: hangs.length,
  });
}

/** Takes what the client still writes, and lets go of it, until the client closes the connection. */
function readOut(descriptor: number): void {
  const socket = { data: () => undefined };
  Bun.connect({ unix: "", fd: descriptor, socket }).catch(() => undefined);
}
