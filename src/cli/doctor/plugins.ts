/** Whether the plugins load: seen in a process of their own, since one may keep it busy or end it. */
import { readdirSync } from "node:fs";
import type { Config } from "../../config/config.ts";
import { type Finding, findingsOf } from "./finding.ts";
import type { LoadReport } from "./load-plugins.ts";

const { ok, problem } = findingsOf("plugins");

/** ms that the process may take to begin: it takes some ten, but the machine may be busy. */
const START_LIMIT_MS = 20_000;

/** ms beyond what a plugin is given to load, which ends it where it merely waits. */
const GRACE_MS = 1_000;

/** @param command starts a process that sends a {@link LoadReport} when it begins, and another at the end */
export async function pluginFindings(
  { plugins: { dirs, timeout } }: Config,
  command: readonly string[],
): Promise<Finding[]> {
  const findings = [...dirs.flatMap(folderFindings), ...(await loadFindings(command, timeout))];
  const complaints = findings.filter(({ state }) => state !== "ok");
  return complaints.length > 0 ? complaints : findings;
}

function folderFindings(dir: string): Finding[] {
  try {
    readdirSync(dir);
    return [];
  } catch {
    const what = `the plugin folder ${dir} cannot be read`;
    return [problem(what, "create it, let the runner's user read it, or change plugins.dirs")];
  }
}

async function loadFindings(command: readonly string[], timeout: number): Promise<Finding[]> {
  const outcome = Promise.withResolvers<Finding[]>();
  const say = (what: string) =>
    outcome.resolve([problem(what, "apisix-bun-runner check says which plugin it is")]);
  const limit = timeout + GRACE_MS;
  const tooLong = () => say(`they did not load within ${limit} ms: one keeps the process busy`);
  let timer = setTimeout(tooLong, START_LIMIT_MS);
  const child = Bun.spawn([...command], {
    // However this process ends, one that spins ends with it.
    env: { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    // What plugins print is not a part of what `doctor` says.
    stdin: "ignore",
    stdout: 2,
    stderr: "inherit",
    ipc(report: LoadReport) {
      if (report.is === "loaded") return outcome.resolve(ofPlugins(report));
      clearTimeout(timer);
      timer = setTimeout(tooLong, limit);
    },
    onExit(_, code, signal) {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      // The report may still be on its way.
      setImmediate(() => say(`one of them ends the process while it loads (${how})`));
    },
  });
  try {
    return await outcome.promise;
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

function ofPlugins({ plugins }: LoadReport & { is: "loaded" }): Finding[] {
  const broken = plugins.flatMap(({ name, source, problem: why }) =>
    why === undefined
      ? []
      : problem(
          `${name} (${source}) did not load: ${why}`,
          "mend it; apisix-bun-runner check says more",
        ),
  );
  return broken.length > 0 ? broken : [ok(`all ${plugins.length} load`)];
}
