/** The executable as on a machine with nothing else: no environment, no network. */
import { executable } from "./executable.ts";
import { run, type RunResult } from "./run.ts";

/** A network of its own, with nothing in it; Linux alone has that, and not every container lets us. */
const unshare = Bun.which("unshare");
const hasNoNetwork =
  unshare !== null && Bun.spawnSync([unshare, "-rn", "true"], { stderr: "ignore" }).success;

/** Where there is no such network, at least no registry can be reached. */
const NO_REGISTRY = { BUN_CONFIG_REGISTRY: "http://127.0.0.1:1" };

/** @param command default: the executable in dist/ */
export function runOffline(
  args: readonly string[],
  cwd: string,
  command = executable,
): Promise<RunResult> {
  return hasNoNetwork
    ? run(args, { cwd, command: [unshare, "-rn", command] })
    : run(args, { cwd, env: NO_REGISTRY, command: [command] });
}
