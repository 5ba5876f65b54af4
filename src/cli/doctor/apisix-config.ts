/** What APISIX's config.yaml says of runners. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Values as they are given: whether they make sense is for the checks to say. */
export interface ApisixConfig {
  /** Absolute. */
  readonly path: string;
  /** The folder that APISIX runs in: the one above that of its config.yaml. */
  readonly home: string;
  /** `ext-plugin.cmd` */
  readonly command: unknown;
  /** `ext-plugin.path_for_test` */
  readonly pathForTest: unknown;
  /** Undefined: APISIX's own list, which has the three plugins. */
  readonly plugins: readonly string[] | undefined;
  /** The names that `nginx_config.envs` passes on. */
  readonly envs: readonly string[];
  /** `nginx_config.user` */
  readonly user: string | undefined;
  /** Names of the shared memory zones that the file adds. */
  readonly zones: readonly string[];
}

/** @throws Error in one line where there is no such file, or it is no YAML mapping */
export function readApisixConfig(file: string): ApisixConfig {
  const path = resolve(file);
  const content: unknown = Bun.YAML.parse(readFileSync(path, "utf8"));
  if (!isMapping(content)) throw new Error("it holds no mapping");
  const plugins = at(content, "plugins");
  const user = at(content, "nginx_config", "user");
  const zones = at(content, "nginx_config", "http", "custom_lua_shared_dict");
  return {
    path,
    home: dirname(dirname(path)),
    command: at(content, "ext-plugin", "cmd"),
    pathForTest: at(content, "ext-plugin", "path_for_test"),
    plugins: Array.isArray(plugins) ? plugins.map(String) : undefined,
    envs: namesIn(at(content, "nginx_config", "envs")),
    user: typeof user === "string" ? user.split(/\s+/)[0] : undefined,
    zones: isMapping(zones) ? Object.keys(zones) : [],
  };
}

/** Entries are `NAME` or `NAME=value`. */
function namesIn(envs: unknown): string[] {
  return Array.isArray(envs) ? envs.map((entry) => String(entry).split("=", 1)[0] ?? "") : [];
}

function at(value: unknown, ...keys: string[]): unknown {
  const found = keys.reduce<unknown>(
    (inner, key) => (isMapping(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
  // A key without a value counts as left out.
  return found ?? undefined;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
