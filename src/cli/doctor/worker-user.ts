/** Whom nginx's workers run as, who have to reach the runner's socket. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { nodeFiles } from "../../files/node-files.ts";
import { nginxWorkerUsers } from "../../server/nginx-workers.ts";
import { type Account, accountOf } from "./account.ts";
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("nginx workers");

export interface Workers {
  /** Empty where it cannot be told. */
  readonly accounts: readonly Account[];
  readonly findings: readonly Finding[];
}

/** As the command line says, as those do that run, or as APISIX's configuration says. */
export function findWorkers(
  named: string | undefined,
  apisix: ApisixConfig | undefined,
  proc = "/proc",
): Workers {
  if (named !== undefined) return byName(named, "--worker-user");
  const running = runningWorkers(proc);
  if (running.length > 0) {
    const accounts = running.flatMap((uid) => accountOf(uid) ?? []);
    return { accounts, findings: [ok(`they run as ${namesOf(accounts)}`)] };
  }
  if (apisix?.user !== undefined) {
    return byName(apisix.user, `nginx_config.user of ${apisix.path}`);
  }
  const advice =
    "name their user with --worker-user, or run this beside APISIX, so that it can be checked whether they reach the socket";
  return { accounts: [], findings: [warning("none run here, so their user is not known", advice)] };
}

/** Who starts the runner; undefined where no nginx runs here. */
export function findMaster(proc = "/proc"): Account | undefined {
  const [master] = mastersOfApisix(proc);
  const stats = master && statSync(`${proc}/${master.pid}`, { throwIfNoEntry: false });
  return stats && accountOf(stats.uid);
}

function byName(name: string, source: string): Workers {
  const account = accountOf(name);
  if (account !== undefined) {
    return {
      accounts: [account],
      findings: [ok(`${source} says that they run as ${account.name}`)],
    };
  }
  const advice = "name one that is there, or its number";
  return {
    accounts: [],
    findings: [problem(`${source} is ${name}, and there is no such user`, advice)],
  };
}

function runningWorkers(proc: string): number[] {
  const users = mastersOfApisix(proc).flatMap(
    ({ pid }) => nginxWorkerUsers(nodeFiles, pid, proc) ?? [],
  );
  return [...new Set(users)];
}

/** Every nginx where none of them says that it is APISIX's. */
function mastersOfApisix(proc: string): { pid: number; title: string }[] {
  const masters = entriesOf(proc)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), title: titleOf(`${proc}/${name}/cmdline`) }))
    .filter(({ title }) => title.startsWith("nginx: master process"));
  const ofApisix = masters.filter(({ title }) => title.includes("apisix"));
  return ofApisix.length > 0 ? ofApisix : masters;
}

function entriesOf(proc: string): string[] {
  try {
    return readdirSync(proc);
  } catch {
    // No procfs here.
    return [];
  }
}

function titleOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // It has just ended.
    return "";
  }
}

function namesOf(accounts: readonly Account[]): string {
  return accounts.map(({ name }) => name).join(" and ");
}
