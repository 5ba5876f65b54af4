/** Variables and files that the runner needs, and whether they get to it. */
import { accessSync, constants } from "node:fs";
import type { Config } from "../../config/config.ts";
import { environmentPrefix } from "../../config/settings.ts";
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("environment");

export function environmentFindings(
  { secrets }: Config,
  apisix: ApisixConfig | undefined,
): Finding[] {
  const findings = [
    ...(apisix?.command === undefined
      ? notSet(secrets.env)
      : [...notPassed(secrets.env, apisix), ...ignoredSettings(apisix)]),
    ...unreadable(secrets.files),
  ];
  const count = secrets.env.length + secrets.files.length;
  if (findings.length > 0) return findings;
  return [ok(count === 0 ? "no secret is allowed" : `all that secrets names is there (${count})`)];
}

/** A runner that APISIX starts has nothing in its environment but what is named there. */
function notPassed(names: readonly string[], { envs, path }: ApisixConfig): Finding[] {
  return names
    .filter((name) => !envs.includes(name))
    .map((name) =>
      problem(
        `secrets.env names ${name}, which APISIX does not pass to the runner`,
        `add ${name} to nginx_config.envs in ${path}, and set it where APISIX is started`,
      ),
    );
}

function ignoredSettings({ envs, path }: ApisixConfig): Finding[] {
  return Object.keys(process.env)
    .filter((name) => name.startsWith(environmentPrefix) && !envs.includes(name))
    .map((name) =>
      warning(
        `${name} is set here, and APISIX does not pass it to the runner`,
        `add it to nginx_config.envs in ${path}, or use the config file`,
      ),
    );
}

function notSet(names: readonly string[]): Finding[] {
  return names
    .filter((name) => process.env[name] === undefined)
    .map((name) =>
      warning(
        `secrets.env names ${name}, which is not set here`,
        "set it where the runner is started; where APISIX starts it, name it in nginx_config.envs (--apisix-config checks that)",
      ),
    );
}

function unreadable(files: readonly string[]): Finding[] {
  return files.flatMap((file) => {
    try {
      accessSync(file, constants.R_OK);
      return [];
    } catch {
      const what = `secrets.files names ${file}, which user ${process.geteuid?.()} cannot read`;
      return problem(what, "create it, or let the runner's user read it");
    }
  });
}
