/** What `dev` takes from the folder it is started in, where nobody says otherwise. */
import { existsSync, statSync } from "node:fs";
import type { DevOptions } from "./run.ts";

const ROUTES = "apisix.yaml";
const PLUGINS = "plugins";

/** In the folder of a project its own routes and plugins: nobody means the bundled examples there. */
export function withProject(options: DevOptions): DevOptions {
  const { routes, plugins, socket, once } = options;
  if ([routes, plugins, socket, once].some((given) => given !== undefined)) return options;
  if (!existsSync(ROUTES)) return options;
  const hasPlugins = statSync(PLUGINS, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return { ...options, routes: ROUTES, ...(hasPlugins && { plugins: [PLUGINS] }) };
}
