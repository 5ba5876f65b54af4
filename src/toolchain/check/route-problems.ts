/** Routes that name what does not run there. */
import { nearest } from "../../config/nearest.ts";
import type { Phase } from "../../plugin/plugin.ts";
import { isSameName } from "./names.ts";
import type { CheckProblem } from "./problem.ts";
import type { RouteConf } from "./routes.ts";

export interface KnownPlugin {
  readonly name: string;
  /** None where they are not known, because the plugin did not load. */
  readonly phases: readonly Phase[];
}

/**
 * @param known the plugins that the confs name, if there are such
 * @param names of all plugins, to suggest one
 */
export function routeProblems(
  file: string,
  confs: readonly RouteConf[],
  known: readonly KnownPlugin[],
  names: readonly string[],
): CheckProblem[] {
  return confs.flatMap(({ plugin, phase, namePlace }): CheckProblem[] => {
    const at = { file, ...namePlace, severity: "error" } as const;
    const found = known.find(({ name }) => isSameName(name, plugin));
    if (found === undefined) {
      const meant = nearest(plugin, names);
      const hint = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
      const message = `neither the project nor the executable has a plugin ${plugin}; ${hint}`;
      return [{ ...at, code: "unknown-plugin", message }];
    }
    if (found.phases.length === 0 || found.phases.includes(phase)) return [];
    const right =
      phase === "request" ? "ext-plugin-post-resp" : "ext-plugin-pre-req or ext-plugin-post-req";
    const message = `plugin ${plugin} has no ${phase} phase: name it in ${right}`;
    return [{ ...at, code: "wrong-phase", message }];
  });
}
