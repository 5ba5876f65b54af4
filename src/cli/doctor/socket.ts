/** The socket file: can the runner make it, do nginx's workers reach it, does somebody answer. */
import { accessSync, constants, lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../../config/config.ts";
import { groupId, userId } from "../../server/account.ts";
import { isFolderOpen } from "../../server/open-folder.ts";
import { probe } from "../healthcheck/probe.ts";
import { type Account, closedFolder, may, type Permissions, WRITE } from "./account.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("socket");

/** ms */
const REPLY_TIMEOUT = 2000;

const LET_IN =
  "set socket.group to a group of the workers' (the mode is then 0660), or socket.owner, or socket.mode";

/** @param config undefined where the settings cannot be used */
export async function socketFindings(
  path: string,
  config: Config | undefined,
  workers: readonly Account[],
): Promise<Finding[]> {
  const folder = folderFindings(path, workers);
  if (folder.some(({ state }) => state === "problem")) return folder;
  const found = statsOf(path);
  if (found === undefined) {
    const advice = "start APISIX, or, with path_for_test, the runner";
    const absent = warning(`no runner is there: there is no ${path}`, advice);
    return [...folder, ...futureFindings(config, workers), absent];
  }
  if (!found.isSocket()) {
    const advice = "remove it, or choose another path";
    return [...folder, problem(`${path} is there and no socket`, advice)];
  }
  const shutOut = workers.filter((account) => !may(account, WRITE, found));
  return [
    ...folder,
    ...shutOut.map(({ name }) =>
      problem(`nginx's worker user ${name} may not connect to ${path} (${shown(found)})`, LET_IN),
    ),
    await answerFinding(path),
  ];
}

function folderFindings(path: string, workers: readonly Account[]): Finding[] {
  const folder = dirname(path);
  const stats = statsOf(folder);
  if (stats === undefined) {
    return [problem(`the directory ${folder} does not exist`, "create it, or choose another path")];
  }
  if (!stats.isDirectory()) {
    return [problem(`${folder} is not a directory`, "choose another path")];
  }
  const closed = workers.flatMap((account) => {
    const above = closedFolder(account, path);
    if (above === undefined) return [];
    const what = `nginx's worker user ${account.name} cannot reach ${path}: it may not enter ${above}`;
    return problem(what, `chmod o+x ${above}, or put the socket elsewhere, as into /run/apisix`);
  });
  const findings: Finding[] = [...closed];
  if (!isWritable(folder)) {
    const what = `user ${process.geteuid?.()} may not write to ${folder}, where the runner makes its socket`;
    findings.push(
      problem(
        what,
        "change that, or choose another path; ignore this where the runner runs as another user, and run this as that one",
      ),
    );
  }
  if (isFolderOpen(path)) {
    const what = `every user may put a socket of their own at ${path}`;
    findings.push(warning(what, `chmod o-w ${folder}, or chmod +t ${folder}`));
  }
  return findings.length > 0 ? findings : [ok(`${folder} can be used`)];
}

/** Whether the workers could connect to the socket that a runner with these settings makes. */
function futureFindings(config: Config | undefined, workers: readonly Account[]): Finding[] {
  if (config === undefined) return [];
  let permissions: Permissions | undefined;
  try {
    permissions = futurePermissions(config.socket);
  } catch (error) {
    // SocketFileError: no such user or group.
    return [problem(error instanceof Error ? error.message : String(error), "change the settings")];
  }
  if (permissions === undefined) return [];
  const socket = permissions;
  return workers
    .filter((account) => !may(account, WRITE, socket))
    .map(({ name }) =>
      problem(`nginx's worker user ${name} will not be let in (${shown(socket)})`, LET_IN),
    );
}

/** Undefined where the runner finds out itself who has to be let in, as root. */
function futurePermissions({ mode, owner, group }: Config["socket"]): Permissions | undefined {
  const self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const uid = userId(owner);
  const gid = groupId(group);
  if (mode === undefined && uid === undefined && gid === undefined && self.uid === 0)
    return undefined;
  const narrow = gid === undefined ? 0o600 : 0o660;
  return { uid: uid ?? self.uid, gid: gid ?? self.gid, mode: mode ?? narrow };
}

async function answerFinding(path: string): Promise<Finding> {
  try {
    return ok(
      `the runner at ${path} answered in ${(await probe(path, REPLY_TIMEOUT)).toFixed(1)} ms`,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return problem(
      message,
      "look for the runner's last lines in APISIX's error.log or its own log, and start it again",
    );
  }
}

function shown({ uid, gid, mode }: Permissions): string {
  return `owner ${uid}, group ${gid}, mode 0${(mode & 0o777).toString(8)}`;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return path === dirname(path) ? statSync(path) : lstatOrTarget(path);
  } catch {
    return undefined;
  }
}

/** A link that leads to a folder is one; what lies at the socket's own path is looked at as it is. */
function lstatOrTarget(path: string): Stats {
  const target = statSync(path, { throwIfNoEntry: false });
  return target?.isDirectory() === true ? target : lstatSync(path);
}
