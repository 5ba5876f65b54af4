/** Whom nginx's workers run as, who must be able to connect: nginx's master tells nobody, but /proc does. */
import { readFileSync } from "node:fs";

/** The runner's parent is nginx's privileged agent, or a shell that the agent started. */
const GENERATIONS = 4;

/**
 * The users of all workers of the nginx that has started this process, each once. A worker that has
 * only just been forked is still root.
 *
 * @param proc where procfs is
 * @returns undefined where nginx has not started us, or that cannot be found out
 */
export function nginxWorkerUsers(pid = process.ppid, proc = "/proc"): number[] | undefined {
  try {
    const master = masterAbove(pid, proc);
    if (master === undefined) return undefined;
    return [...new Set(workersOf(master, proc).map((worker) => userOf(worker, proc)))];
  } catch {
    // No procfs here, or a process that has just ended.
    return undefined;
  }
}

function masterAbove(start: number, proc: string): number | undefined {
  let pid = start;
  for (let i = 0; i < GENERATIONS && pid > 0; i++) {
    if (titleOf(pid, proc).startsWith("nginx: master process")) return pid;
    pid = Number(statusOf(pid, proc, "PPid"));
  }
  return undefined;
}

/** Those that are shutting down after a reload included: they still have requests to end. */
function workersOf(master: number, proc: string): number[] {
  return readFileSync(`${proc}/${master}/task/${master}/children`, "latin1")
    .split(" ")
    .map(Number)
    .filter((pid) => pid > 0 && titleOf(pid, proc).startsWith("nginx: worker process"));
}

/** Real, effective, saved and file system's: the second opens files. */
function userOf(pid: number, proc: string): number {
  return Number(statusOf(pid, proc, "Uid").split("\t")[1]);
}

function titleOf(pid: number, proc: string): string {
  return readFileSync(`${proc}/${pid}/cmdline`, "latin1");
}

function statusOf(pid: number, proc: string, field: string): string {
  const status = readFileSync(`${proc}/${pid}/status`, "latin1");
  const label = `\n${field}:\t`;
  const at = status.indexOf(label);
  return at < 0 ? "" : status.slice(at + label.length, status.indexOf("\n", at + 1));
}
