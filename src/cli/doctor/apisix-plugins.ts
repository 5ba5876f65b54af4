/** Whether APISIX has the plugins that call a runner, and the memory that they share. */
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, problem } = findingsOf("apisix plugins");

const REQUEST_PLUGINS = ["ext-plugin-pre-req", "ext-plugin-post-req"];
const CALLERS = [...REQUEST_PLUGINS, "ext-plugin-post-resp"];

/** What all workers keep their tokens in. */
const ZONE = "ext-plugin";

export function apisixPluginFindings({ plugins, zones, path }: ApisixConfig): Finding[] {
  if (plugins === undefined) {
    return [
      ok(`${path} has no plugins list, so APISIX enables its own, with ${CALLERS.join(", ")}`),
    ];
  }
  const enabled = CALLERS.filter((name) => plugins.includes(name));
  if (enabled.length === 0) {
    const advice = `add those of ${CALLERS.join(", ")} that routes use; the list replaces APISIX's own`;
    return [problem(`the plugins list in ${path} has none that calls a runner`, advice)];
  }
  if (!enabled.some((name) => REQUEST_PLUGINS.includes(name)) && !zones.includes(ZONE)) {
    return [
      problem(
        `the plugins list in ${path} has ext-plugin-post-resp alone, and APISIX makes the shared memory ${ZONE} only with ext-plugin-pre-req or ext-plugin-post-req: each call fails`,
        `add ext-plugin-post-req to the list, also where no route uses it, or ${ZONE}: 1m to nginx_config.http.custom_lua_shared_dict`,
      ),
    ];
  }
  const absent = CALLERS.filter((name) => !enabled.includes(name));
  const without = absent.length === 0 ? "" : `, and not ${absent.join(", ")}`;
  return [ok(`the list has ${enabled.join(", ")}${without}`)];
}
