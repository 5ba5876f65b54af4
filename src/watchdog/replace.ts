/** Replaces the process, or one worker of it: the one place where it is decided who goes. */
import { createLogger, type Logger } from "../log/logger.ts";
import {
  type Bequest,
  BEQUEST_VARIABLE,
  type Culprit,
  descriptorsOf,
  type Hang,
  type History,
  MAX_CONNECTIONS,
  type PluginFile,
} from "./bequest.ts";
import { type Exec, openExec } from "./exec.ts";
import { heldReplies } from "./held-replies.ts";
import type { Orders } from "./orders.ts";
import type { Sighting, Work } from "./sighting.ts";
import { MAX_HANGS, withHang, WITHIN_MS } from "./verdict.ts";

/** How the process ends where it cannot be replaced: a failure of the software, as sysexits(3) counts. */
export const GAVE_UP_CODE = 70;

/** Does not return: the next image begins, or the process ends. */
export function replaceProcess(orders: Orders, sighting: Sighting, stuckMs: number): void {
  const output = createLogger(orders.logging);
  const log = output.with({ worker: orders.worker });
  sighting.announceReplacement();
  const suspects = sighting.suspects();
  const [first] = suspects;
  const culprit = suspects.length === 1 && sighting.uncounted === 0 ? first : undefined;
  tell(log, stuckMs, suspects, culprit, sighting.uncounted);
  const history = withHang(orders.history, hangOf(culprit), filesOf(suspects));
  tellVerdict(log, history, orders.history, culprit);
  let exec: Exec | undefined;
  try {
    exec = openExec();
    sendHeld(orders, sighting, exec);
    hand(orders, sighting, history, failResponses(sighting, exec), exec);
  } catch (error) {
    const then =
      orders.worker === undefined ? "APISIX starts another in 3 s" : "another is started";
    log.error(`the process ends, since it cannot be replaced: ${then}`, {
      error,
      code: GAVE_UP_CODE,
    });
  }
  output.close();
  end(exec);
}

function tell(
  log: Logger,
  stuckMs: number,
  suspects: readonly Work[],
  culprit: Work | undefined,
  uncounted: number,
): void {
  const ms = Math.round(stuckMs);
  if (culprit?.file !== undefined) {
    const { plugin, file } = culprit;
    log.error("a plugin did not yield while its file was loaded: the process is replaced", {
      plugin,
      file,
      ms,
    });
  } else if (culprit !== undefined) {
    const { plugin, route, request } = culprit;
    const where = request === undefined ? "its setup" : "a hook";
    log.error(`a plugin did not yield: the process is replaced`, {
      plugin,
      route,
      request,
      where,
      ms,
    });
  } else if (suspects.length > 0) {
    log.error("one of these plugins, or a timer, did not yield: the process is replaced", {
      suspects: suspects.map(described),
      ...(uncounted > 0 && { more: uncounted }),
      ms,
    });
  } else {
    log.error("code outside of any call did not yield: the process is replaced", { ms });
  }
}

function described({ plugin, route, request, file }: Work): string {
  if (file !== undefined) return `${plugin}, whose file ${file} was being loaded`;
  return `${plugin} on ${route}${request === undefined ? "" : ` (request ${request})`}`;
}

function hangOf(culprit: Work | undefined): Hang {
  const at = Date.now();
  if (culprit === undefined) return { at };
  const { plugin, route, file } = culprit;
  return file === undefined ? { at, plugin, route } : { at, plugin, file };
}

function filesOf(suspects: readonly Work[]): PluginFile[] {
  return suspects.flatMap(({ plugin, file }) => (file === undefined ? [] : { plugin, file }));
}

function tellVerdict(
  log: Logger,
  { hangs, refused }: History,
  before: History,
  culprit: Culprit | undefined,
): void {
  const within = `${WITHIN_MS / 1000} s`;
  if (refused.length > before.refused.length && culprit !== undefined) {
    log.error(
      `${MAX_HANGS} times within ${within} the plugin did not yield: its calls on this route fail until a reload (SIGHUP) or a restart`,
      { plugin: culprit.plugin, route: culprit.route },
    );
  } else if (hangs.length >= MAX_HANGS) {
    log.error(`the process was replaced ${hangs.length} times within ${within}`);
  }
}

/** The calls that were answered in the turn in which the plugin hangs. */
function sendHeld({ memory }: Orders, sighting: Sighting, exec: Exec): void {
  for (const { descriptor, bytes } of heldReplies(memory)) {
    if (!exec.send(descriptor, bytes)) sighting.giveUp(descriptor);
  }
}

/**
 * Calls of the response phase that are lost: cut without a reply, they would have APISIX publish the upstream's
 * body. One that was asked something may not have written its answer yet, and fails where nobody is left to take it.
 *
 * @returns their connections, which serve for nothing more
 */
function failResponses(sighting: Sighting, exec: Exec): number[] {
  const { cutResponse } = sighting;
  const told = sighting.owingResponse().filter((owing) => exec.send(owing, cutResponse));
  for (const descriptor of told) exec.endWriting(descriptor);
  return told;
}

/** Gives the next image what it can go on with. Returns only by throwing. */
function hand(
  orders: Orders,
  sighting: Sighting,
  history: History,
  responses: readonly number[],
  exec: Exec,
): never {
  const { post } = orders;
  if (post.channel === undefined && sighting.listener === undefined) {
    throw new Error("another process has taken the socket over");
  }
  const connections = sighting.connections().idle.slice(0, MAX_CONNECTIONS);
  const spent = responses.slice(0, MAX_CONNECTIONS - connections.length);
  const bequest: Bequest = { ...post, connections, spent, ...history };
  exec.keepOpen([...descriptorsOf(post), ...connections, ...spent]);
  return exec.replace(BEQUEST_VARIABLE, JSON.stringify(bequest));
}

function end(exec: Exec | undefined): never {
  exec?.exit(GAVE_UP_CODE);
  // A thread's process.exit() would end the thread alone.
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
}
