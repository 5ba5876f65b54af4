/** The JSON and YAML of the documentation: routes, confs, configuration. */
import { afterAll, describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/config.ts";
import { settings } from "../../src/config/settings.ts";
import { parseRoutes, type ExtPluginName } from "../../src/gateway/routes.ts";
import { type Block, blocks, confOf, fileOf } from "./blocks.ts";
import { DocsConfs } from "./confs.ts";
import { DocsProject } from "./project.ts";

const project = new DocsProject();
afterAll(() => project[Symbol.dispose]());
const confs = new DocsConfs(project.code);

const data = blocks.filter(({ language }) => language === "json" || language === "yaml");

describe("is read by what it is for", () => {
  test.each(data.map((block) => [block.at, block] as const))("%s", async (_at, block) => {
    await expect(read(block)).resolves.toBeUndefined();
  });
});

const SECTIONS = new Set(Array.from(settings.keys(), (path) => path.split(".", 1)[0]));
const ROUTES_FILE = new Set(["routes", "upstreams", "services", "plugin_configs", "global_rules"]);
/** Of APISIX's own config.yaml. */
const APISIX = new Set([
  "apisix",
  "deployment",
  "ext-plugin",
  "nginx_config",
  "plugin_attr",
  "plugins",
]);
const OTHER_FILES = new Set(["package.json", "tsconfig.json"]);

async function read(block: Block): Promise<void> {
  const value: unknown =
    block.language === "json" ? JSON.parse(block.text) : Bun.YAML.parse(block.text);
  const plugin = confOf(block);
  if (plugin !== undefined) return confs.check(block.page, plugin, JSON.stringify(value));
  if (block.words.includes("output") || OTHER_FILES.has(fileOf(block) ?? "")) return;
  if (typeof value !== "object" || value === null) throw new Error("it is no object");
  const keys = Object.keys(value);
  if (keys.every((key) => ROUTES_FILE.has(key))) return checkRoutes(block, block.text);
  if ("uri" in value || "uris" in value) {
    return checkRoutes(block, `routes:\n  - ${JSON.stringify(value)}\n#END`);
  }
  if ("name" in value && "value" in value && keys.length === 2) {
    return confs.check(block.page, String(value.name), String(value.value));
  }
  if (
    block.language === "yaml" &&
    keys.every((key) => SECTIONS.has(key) && !isApisix(key, value))
  ) {
    return checkConfig(block);
  }
  if (block.language === "yaml" && keys.every((key) => APISIX.has(key))) return;
  throw new Error(
    `it is none of: route, routes file, conf entry, configuration; its keys are ${keys.join(", ")}`,
  );
}

/** Both have `plugins`: APISIX a list, the runner a map. */
function isApisix(key: string, value: object): boolean {
  return key === "plugins" && Array.isArray(new Map(Object.entries(value)).get(key));
}

async function checkRoutes({ page }: Block, text: string): Promise<void> {
  const { routes, warnings } = parseRoutes(text, { env: {} });
  expect(warnings).toEqual([]);
  for (const { extPlugins } of routes) {
    for (const [name, { conf = [] }] of Object.entries(extPlugins)) {
      const phase = (name as ExtPluginName) === "ext-plugin-post-resp" ? "response" : "request";
      for (const entry of conf) await confs.check(page, entry.name, entry.value, phase);
    }
  }
}

function checkConfig(block: Block): void {
  const configFile = project.write(
    `config-${block.at.replaceAll("/", "-")}/config.yaml`,
    block.text,
  );
  const env = Object.fromEntries(
    Array.from(block.text.matchAll(/\$env\.(\w+)/g), ([, name = ""]) => [name, "/run/runner.sock"]),
  );
  loadConfig({ configFile, env, cwd: "/", executable: "/usr/local/bin/apisix-bun-runner" });
}
