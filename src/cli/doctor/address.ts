/** Which socket it is about, and whether APISIX and the runner mean the same. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Config, loadConfig, missingListenAddress } from "../../config/config.ts";
import { configFileVariable } from "../../config/settings.ts";
import type { SettingSources } from "../settings.ts";
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, problem } = findingsOf("socket path");

export interface Address {
  /** Absolute; undefined where nothing says one. */
  readonly path: string | undefined;
  readonly findings: readonly Finding[];
}

/** @param config undefined where the settings cannot be used */
export function findAddress(
  config: Config | undefined,
  apisix: ApisixConfig | undefined,
  sources: SettingSources,
): Address {
  const own = config?.socket.file;
  if (apisix?.command !== undefined) return ofCommand(own, apisix, sources);
  const { pathForTest: called } = apisix ?? {};
  if (typeof called === "string") return ofPathForTest(own, called);
  if (own !== undefined) return { path: own, findings: [ok(own)] };
  if (config === undefined) return { path: undefined, findings: [] };
  return {
    path: undefined,
    findings: [problem("nothing says where the runner listens", missingListenAddress())],
  };
}

function ofPathForTest(own: string | undefined, called: string): Address {
  if (own === undefined || own === called) return { path: called, findings: [ok(called)] };
  const what = `the runner's settings say ${own}, and APISIX calls ${called} (path_for_test)`;
  return { path: own, findings: [problem(what, "make them the same")] };
}

/** APISIX tells the path to the runner that it starts, in a variable that this command does not have. */
function ofCommand(
  own: string | undefined,
  { pathForTest, home, envs }: ApisixConfig,
  sources: SettingSources,
): Address {
  const fixed = fixedPath(sources, envs);
  const path = typeof pathForTest === "string" ? pathForTest : (own ?? madeByApisix(home));
  if (fixed !== undefined && fixed !== pathForTest) {
    const what = `the runner's settings say ${fixed}, and APISIX, which starts the runner, calls the path that it chooses itself`;
    const advice = "remove socket.file from the settings, or make it $env.APISIX_LISTEN_ADDRESS";
    return { path, findings: [problem(what, advice)] };
  }
  return { path, findings: [ok(path ?? `APISIX will choose one in ${join(home, "conf")}`)] };
}

/** What a runner that APISIX starts would listen on in spite of what APISIX tells it. */
function fixedPath({ configFile }: SettingSources, envs: readonly string[]): string | undefined {
  const passed = [configFileVariable, ...envs].map((name) => [name, process.env[name]]);
  try {
    const { config } = loadConfig({
      flags: {},
      configFile,
      env: { ...Object.fromEntries(passed), APISIX_LISTEN_ADDRESS: TOLD },
      cwd: process.cwd(),
      executable: process.execPath,
    });
    return config.socket.file === TOLD ? undefined : config.socket.file;
  } catch {
    // The settings have problems, and those have been said.
    return undefined;
  }
}

const TOLD = "/told-by-apisix.sock";

/** The process id of nginx's master is in its name; several are there where one was killed. */
function madeByApisix(home: string): string | undefined {
  try {
    const folder = join(home, "conf");
    return readdirSync(folder)
      .filter((name) => isAlive(/^apisix-(\d+)\.sock$/.exec(name)?.[1]))
      .map((name) => join(folder, name))[0];
  } catch {
    // Not a folder of ours to read: then the settings have to say it.
    return undefined;
  }
}

function isAlive(pid: string | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
