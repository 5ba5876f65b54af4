/** The pages of plugins that show a JSON Schema and routes: both are what the plugin takes. */
import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { testPlugin } from "apisix-bun-runner/testing";
import jsonTransform from "../../plugins/json-transform/index.ts";
import requestValidate from "../../plugins/request-validate/index.ts";
import responseMask from "../../plugins/response-mask/index.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";
import { jsonSchemaOf } from "../../src/plugin/json-schema.ts";
import { blocksOf } from "../docs/blocks.ts";

const PLUGINS = resolve(import.meta.dir, "../../plugins");

const DOCUMENT = "openapi: 3.1.0\npaths: { /a: { get: {} } }\n";

describe.each([
  ["json-transform", jsonTransform],
  ["request-validate", requestValidate],
  ["response-mask", responseMask],
] as const)("%s", (name, plugin) => {
  async function values(): Promise<unknown[]> {
    const page = await Bun.file(join(PLUGINS, name, "README.md")).text();
    return blocksOf(name, page)
      .filter(({ language }) => language === "json")
      .map(({ text }): unknown => JSON.parse(text));
  }

  test("the schema is the plugin's", async () => {
    const schemas = (await values()).filter((value) => "$schema" in Object(value));
    expect(schemas).toEqual([await jsonSchemaOf(plugin.config)]);
  });

  test("its routes have confs that it takes", async () => {
    const routes = (await values()).filter((value) => "uri" in Object(value));
    expect(routes.length).toBeGreaterThan(0);
    const { table } = parseRoutes(`${JSON.stringify({ routes })}\n#END\n`, { env: {} });
    for (const { extPlugins } of table.routes) {
      for (const { conf = [] } of Object.values(extPlugins)) {
        for (const { value } of conf) {
          const config = value.replaceAll(/\$file:\/\/[^"]+/g, "$env://DOCUMENT");
          const ready = testPlugin(plugin, { config, env: { DOCUMENT } });
          await expect(ready).resolves.toBeDefined();
        }
      }
    }
  });
});
