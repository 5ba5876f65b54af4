/** Whom nginx's workers run as, who must be able to connect: nginx's master tells nobody, but /proc does. */
import type { Files } from "../files/files.ts";

/** The runner's parent is nginx's privileged agent, or a shell that the agent started. */
const GENERATIONS = 4;

/**
 * The users of all workers of the nginx that has started this process, each once. A worker that has
 * only just been forked is still root.
 *
 * @param files that read it
 * @param proc where procfs is
 * @returns undefined where nginx has not started us, or that cannot be found out
 */
export function nginxWorkerUsers(
  files: Files,
  pid = process.ppid,
  proc = "/proc",
): number[] | undefined {
  const procfs: Procfs = { proc, files };
  try {
    const master = masterAbove(pid, procfs);
    if (master === undefined) return undefined;
    return [...new Set(workersOf(master, procfs).map((worker) => userOf(worker, procfs)))];
  } catch {
    // No procfs here, or a process that has just ended.
    return undefined;
  }
}

interface Procfs {
  /** Where it is. */
  readonly proc: string;
  readonly files: Files;
}

function masterAbove(start: number, proc: Procfs): number | undefined {
  let pid = start;
  for (let i = 0; i < GENERATIONS && pid > 0; i++) {
    if (titleOf(pid, proc).startsWith("nginx: master process")) return pid;
    pid = Number(statusOf(pid, proc, "PPid"));
  }
  return undefined;
}

/** Those that are shutting down after a reload included: they still have requests to end. */
function workersOf(master: number, proc: Procfs): number[] {
  return read(proc, `${master}/task/${master}/children`)
    .split(" ")
    .map(Number)
    .filter((pid) => pid > 0 && titleOf(pid, proc).startsWith("nginx: worker process"));
}

/** Real, effective, saved and file system's: the second opens files. */
function userOf(pid: number, proc: Procfs): number {
  return Number(statusOf(pid, proc, "Uid").split("\t")[1]);
}

function titleOf(pid: number, proc: Procfs): string {
  return read(proc, `${pid}/cmdline`);
}

function statusOf(pid: number, proc: Procfs, field: string): string {
  const status = read(proc, `${pid}/status`);
  const label = `\n${field}:\t`;
  const at = status.indexOf(label);
  return at < 0 ? "" : status.slice(at + label.length, status.indexOf("\n", at + 1));
}

function read({ proc, files }: Procfs, path: string): string {
  return files.readText(`${proc}/${path}`);
}
