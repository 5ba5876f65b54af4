/** What the system allows: each request under way is a connection of its own. */
import { readFileSync } from "node:fs";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning } = findingsOf("limits");

const ENOUGH_WAITING = 1024;
const ENOUGH_FILES = 4096;

/** @param proc where procfs is; nothing is said where there is none */
export function limitFindings(proc = "/proc"): Finding[] {
  const waiting = Number(textOf(`${proc}/sys/net/core/somaxconn`) ?? NaN);
  const files = openFiles(textOf(`${proc}/self/limits`));
  const findings: Finding[] = [];
  if (waiting < ENOUGH_WAITING) {
    const what = `net.core.somaxconn is ${waiting}: so many connections may wait for the runner, and the next gets 503 at once`;
    findings.push(warning(what, "sysctl -w net.core.somaxconn=4096"));
  }
  if (files < ENOUGH_FILES) {
    const what = `a process may have ${files} files open, and each request under way takes one`;
    findings.push(warning(what, "raise it: ulimit -n, or LimitNOFILE of APISIX's systemd unit"));
  }
  if (findings.length > 0) return findings;
  const known = [
    Number.isNaN(waiting) ? [] : [`net.core.somaxconn ${waiting}`],
    Number.isNaN(files) ? [] : [`open files ${files === Infinity ? "unlimited" : files}`],
  ].flat();
  return known.length === 0 ? [] : [ok(known.join(", "))];
}

/** The soft limit. Not a number where it is not known. */
function openFiles(limits: string | undefined): number {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits ?? "") ?? [];
  return soft === "unlimited" ? Infinity : Number(soft);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
