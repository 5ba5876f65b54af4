/** Plugins of a folder with packages of its own: each library that checks confs does so in every command. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const MODULES = resolve(import.meta.dir, "../../node_modules");

/** What the libraries need in turn. */
const PACKAGES = ["zod", "valibot", "arktype", "arkregex", "@ark"];

/** One shape in each: `{ limits: [{ rate }], name }`, whose rate is a number above 0. */
const SCHEMAS: Readonly<Record<string, string>> = {
  zod: `
    import { z } from "zod";
    export const config = z.object({
      name: z.string(),
      limits: z.array(z.object({ rate: z.number().positive() })),
    });`,
  valibot: `
    import * as v from "valibot";
    export const config = v.object({
      name: v.string(),
      limits: v.array(v.object({ rate: v.pipe(v.number(), v.minValue(1)) })),
    });`,
  arktype: `
    import { type } from "arktype";
    export const config = type({ name: "string", limits: type({ rate: "number > 0" }).array() });`,
  // As TypeBox has it: the schema is JSON Schema, and what makes it a Standard Schema stands beside.
  typebox: `
    const rate = { type: "number", exclusiveMinimum: 0 } as const;
    const schema = {
      type: "object",
      required: ["name", "limits"],
      properties: {
        name: { type: "string" },
        limits: { type: "array", items: { type: "object", required: ["rate"], properties: { rate } } },
      },
    } as const;
    interface Conf { readonly name: string; readonly limits: readonly { readonly rate: number }[] }
    type Result = { readonly value: Conf } | { readonly issues: readonly { message: string; path: (string | number)[] }[] };
    function validate(conf: unknown): Result {
      const { name, limits } = conf as Conf;
      const issues = limits.flatMap(({ rate }, i) =>
        typeof rate === "number" && rate > 0 ? [] : [{ message: "must be > 0", path: ["limits", i, "rate"] }],
      );
      if (typeof name !== "string") issues.push({ message: "must be string", path: ["name"] });
      return issues.length > 0 ? { issues } : { value: { name, limits } };
    }
    const given = () => ({ ...schema });
    export const config = {
      ...schema,
      "~standard": {
        version: 1, vendor: "typebox", validate,
        types: undefined as { readonly input: unknown; readonly output: Conf } | undefined,
        jsonSchema: { input: given, output: given },
      },
    } as const;`,
};

const LIBRARIES = Object.keys(SCHEMAS);

const VALID = JSON.stringify({ name: "a", limits: [{ rate: 3 }] });
const INVALID = JSON.stringify({ name: 5, limits: [{ rate: 3 }, { rate: "fast" }] });

function pluginOf(schema: string): string {
  return `import { definePlugin, stop } from "apisix-bun-runner";
    ${schema}
    export default definePlugin({
      config,
      samples: [{ config: ${VALID}, expect: { body: "a 3" } }],
      request: ({ config }) => stop(\`\${config.name} \${config.limits[0]?.rate}\`),
    });`;
}

let dir: TempDir;

beforeAll(async () => {
  dir = new TempDir();
  mkdirSync(dir.file("node_modules"));
  for (const name of PACKAGES)
    symlinkSync(resolve(MODULES, name), dir.file(`node_modules/${name}`));
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    dir.write(`plugins/by-${name}.ts`, pluginOf(schema));
  }
  await run(["sync"], { cwd: dir.path });
});

afterAll(() => dir[Symbol.dispose]());

describe.each(LIBRARIES)("%s", (library) => {
  const plugin = `by-${library}`;
  const call = (conf: string) =>
    run(["call", plugin, conf, "--plugins", "plugins"], { cwd: dir.path });

  test("takes a valid conf", async () => {
    const { code, stdout } = await call(VALID);
    expect(code).toBe(0);
    expect(stdout).toContain("a 3");
  });

  test("names the path of each wrong field", async () => {
    const { code, stdout, stderr } = await call(INVALID);
    expect(code).not.toBe(0);
    const said = stdout + stderr;
    expect(said).toContain("limits.1.rate: ");
    expect(said).toContain("name: ");
  });

  test("gives JSON Schema", async () => {
    const { stdout } = await run(["plugins", "--json", "--plugins", "plugins"], { cwd: dir.path });
    const listed: { name: string; configSchema?: object }[] = JSON.parse(stdout);
    expect(listed.find(({ name }) => name === plugin)?.configSchema).toMatchObject({
      type: "object",
      required: expect.arrayContaining(["limits", "name"]),
      properties: {
        name: { type: "string" },
        limits: { type: "array", items: { properties: { rate: { type: "number" } } } },
      },
    });
  });
});

test("check knows the types of all, runs their samples, and names wrong fields of routes", async () => {
  const confs = LIBRARIES.map((name) => `          - { name: by-${name}, value: '${INVALID}' }`);
  dir.write(
    "apisix.yaml",
    `routes:
  - uri: /
    plugins:
      ext-plugin-pre-req:
        conf:
${confs.join("\n")}
#END
`,
  );
  const { stdout } = await run(["check", "--json"], { cwd: dir.path });
  const { problems, samples }: { problems: { line: number; message: string }[]; samples: number } =
    JSON.parse(stdout);
  expect(samples).toBe(LIBRARIES.length);
  expect(problems).toMatchObject(
    LIBRARIES.map((name, i) => ({
      file: "apisix.yaml",
      line: 6 + i,
      code: "invalid-conf",
      message: expect.stringMatching(
        new RegExp(`^plugin by-${name}: (?=.*\\bname: )(?=.*limits\\.1\\.rate: )`),
      ),
    })),
  );
});
