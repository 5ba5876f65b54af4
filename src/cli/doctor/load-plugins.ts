/** Loads the plugins as a runner with these settings does, in the process that `doctor` starts for it. */
import { isProblem } from "../../plugin/registry.ts";
import { loadedRegistry, type StartOptions } from "../start/make-runner.ts";

export type LoadReport =
  | { readonly is: "begun" }
  | {
      readonly is: "loaded";
      readonly plugins: readonly {
        readonly name: string;
        readonly source: string;
        /** Why it did not load. */
        readonly problem?: string;
      }[];
    };

export async function loadPlugins(
  options: StartOptions,
  report: (report: LoadReport) => void,
): Promise<void> {
  report({ is: "begun" });
  // What does not load is said once, by a finding.
  const flags = { ...options.flags, "logging.file": "/dev/null" };
  const loaded = await loadedRegistry({ ...options, flags }).all();
  const plugins = loaded.map((plugin) => {
    const { name, source } = plugin;
    return isProblem(plugin) ? { name, source, problem: plugin.problem } : { name, source };
  });
  report({ is: "loaded", plugins });
}
