/** The versions of what works together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FEATURES, has } from "../../rpc/apisix-features.ts";
import { VERSION } from "../version.ts";
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("versions");

/** Below APISIX's home: of its packages, and of an installation by LuaRocks. */
const VERSION_FILES = ["apisix/core/version.lua", "deps/share/lua/5.1/apisix/core/version.lua"];

/** @param stated `apisix.version` of the settings */
export function versionFindings(
  apisix: ApisixConfig | undefined,
  stated: string | undefined,
): Finding[] {
  const own = ok(
    `apisix-bun-runner ${VERSION}, Bun ${Bun.version}, ${process.platform}-${process.arch}`,
  );
  const installed = apisix && versionIn(apisix.home);
  const version = installed ?? stated;
  if (version === undefined) return [own];
  return [own, apisixFinding(version), ...statedFindings(version, stated)];
}

function apisixFinding(version: string): Finding {
  const what = `APISIX ${version}`;
  if (!has(version, OLDEST)) {
    return problem(`${what} passes no environment to a runner`, "use 2.7 or newer");
  }
  if (!has(version, FEATURES.responsePhase)) {
    return warning(
      `${what} has no ext-plugin-post-resp`,
      "use 2.14.1 or newer for plugins with a response phase",
    );
  }
  if (!has(version, FEATURES.newRequestBody)) {
    return warning(
      `${what} ignores a body that a plugin sets on a request`,
      "use 3.6 or newer for plugins that do",
    );
  }
  return ok(what);
}

const OLDEST = { since: "2.7.0", what: "the environment" };

/** The runner cannot ask for the version: what it knows of an old one is what the settings say. */
function statedFindings(version: string, stated: string | undefined): Finding[] {
  if (stated === undefined) {
    if (has(version, FEATURES.newRequestBody)) return [];
    return [
      warning(
        `the runner is not told that it is APISIX ${version} that calls`,
        `set apisix.version to "${version}": it then says what that APISIX ignores`,
      ),
    ];
  }
  if (Bun.semver.order(version, stated) === 0) return [];
  return [
    warning(
      `apisix.version is ${stated}, and APISIX is ${version}`,
      `set apisix.version to "${version}", or leave it out from 3.6 on`,
    ),
  ];
}

function versionIn(home: string): string | undefined {
  for (const file of VERSION_FILES) {
    try {
      const text = readFileSync(join(home, file), "utf8");
      return /VERSION\s*=\s*["'](\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
    } catch {
      // Not installed in that way.
    }
  }
  return undefined;
}
