/** The versions of what works together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../version.ts";
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("versions");

/** Below APISIX's home: of its packages, and of an installation by LuaRocks. */
const VERSION_FILES = ["apisix/core/version.lua", "deps/share/lua/5.1/apisix/core/version.lua"];

export function versionFindings(apisix: ApisixConfig | undefined): Finding[] {
  const own = ok(
    `apisix-bun-runner ${VERSION}, Bun ${Bun.version}, ${process.platform}-${process.arch}`,
  );
  const version = apisix && versionIn(apisix.home);
  return version === undefined ? [own] : [own, apisixFinding(version)];
}

function apisixFinding(version: string): Finding {
  const since = (first: string): boolean => Bun.semver.order(version, first) >= 0;
  const what = `APISIX ${version}`;
  if (!since("2.7.0")) {
    return problem(`${what} passes no environment to a runner`, "use 2.7 or newer");
  }
  if (!since("2.14.1")) {
    return warning(
      `${what} has no ext-plugin-post-resp`,
      "use 2.14.1 or newer for plugins with a response phase",
    );
  }
  if (!since("3.6.0")) {
    return warning(
      `${what} ignores a body that a plugin sets on a request`,
      "use 3.6 or newer for plugins that do",
    );
  }
  return ok(what);
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
