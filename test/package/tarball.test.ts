/** The npm package: what is in it, and that a plugin is written, checked and tested with it alone. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { TempDir } from "../support/temp-dir.ts";
import { pack, projectWith, ROOT, runIn } from "./project.ts";

// In ms. tsc takes its time.
setDefaultTimeout(60_000);

const dir = new TempDir();

const PLUGIN = `
import { Base, definePlugin, stop, type PluginRequest, type StopResponse } from "apisix-bun-runner";

declare module "apisix-bun-runner" {
  interface Locals {
    user?: { readonly id: number };
  }
}

export default definePlugin({
  name: "auth",
  config: (conf) => ({ token: String(Object(conf).token) }),
  request({ request, config, locals, log }) {
    if (request.headers.get("x-token") !== config.token) return stop("who are you?", { status: 401 });
    locals.user = { id: 7 };
    request.headers.set("x-user", String(locals.user.id));
    log.info("known");
  },
});

export class Greet extends Base<{ body: string }> {
  override filter(_request: PluginRequest, response: StopResponse) {
    response.body = this.config.body;
    this.stop();
  }
}
`;

const PLUGIN_TEST = `
import { expect, test } from "bun:test";
import { HttpError, type LogFields } from "apisix-bun-runner";
import { expectAction, testChain, testPlugin, type LogFields as SameFields } from "apisix-bun-runner/testing";
import auth, { Greet } from "./auth.ts";

test("lets the known pass", async () => {
  await using plugin = await testPlugin(auth, { config: { token: "s" } });
  const result = await plugin.request(new Request("http://x/get", { headers: { "x-token": "s" } }));
  expectAction(result, "rewrite");
  expect(result.request.headers.get("x-user")).toBe("7");
});

test("stops the unknown, in a chain with a class", async () => {
  await using chain = await testChain([[auth, { token: "s" }], [Greet, { body: "hi" }]]);
  const result = await chain.request("/get");
  expectAction(result, "stop");
  expect(result.response.status).toBe(401);
});

test("the kit knows the classes of the SDK", async () => {
  const teapot = { name: "teapot", request() { throw new HttpError(418, "short and stout"); } };
  await using plugin = await testPlugin(teapot);
  const result = await plugin.request("/");
  expectAction(result, "stop");
  expect(result.response.status).toBe(418);
  const fields: LogFields = {};
  const same: SameFields = fields;
  expect(same).toBe(fields);
});
`;

/** Each line below a directive must be an error, so that a type which became \`any\` shows. */
const WRONG = `
import { definePlugin } from "apisix-bun-runner";
// @ts-expect-error is exported as a type only
import { PluginRequest } from "apisix-bun-runner";
// @ts-expect-error likewise
import { testPlugin, SentRequest } from "apisix-bun-runner/testing";
import type {} from "./auth.ts";

definePlugin({
  config: async () => ({ n: 1 }),
  request({ config, locals }) {
    // @ts-expect-error the config has no such field
    config.m;
    // @ts-expect-error what the augmentation says
    locals.user = 42;
    // @ts-expect-error likewise
    const id: string | undefined = locals.user?.id;
    return void id;
  },
});
// @ts-expect-error a number is no answer
definePlugin({ request: () => 42 });
// @ts-expect-error no plugin
testPlugin(42);
`;

const tarball = await pack(dir.path);
await projectWith(tarball, dir);
dir.write("auth.ts", PLUGIN);
dir.write("auth.test.ts", PLUGIN_TEST);
afterAll(() => dir[Symbol.dispose]());

test("holds the SDK, the documentation and the licences, and nothing else", async () => {
  const files = await filesOf(tarball);
  const sdk = files.filter((file) => file.startsWith("dist/sdk/"));
  expect(new Set(sdk.map((file) => file.replace(/chunk-\w+/, "chunk-*")))).toEqual(
    new Set([
      "dist/sdk/THIRD-PARTY-NOTICES.txt",
      "dist/sdk/chunk-*.js",
      "dist/sdk/index.d.ts",
      "dist/sdk/index.js",
      "dist/sdk/shared.d.ts",
      "dist/sdk/testing.d.ts",
      "dist/sdk/testing.js",
    ]),
  );
  const rest = files.filter((file) => !sdk.includes(file) && !/^docs\/[\w-]+\.md$/.test(file));
  expect(rest).toEqual(["LICENSE", "README.md", "package.json"]);
});

const npm = Bun.which("npm");
test.skipIf(npm === null)("npm packs the same files (where npm is installed)", async () => {
  // bun has built the SDK.
  const command = [npm ?? "npm", "pack", "--dry-run", "--json", "--ignore-scripts"];
  const { code, output } = await runIn(ROOT, command);
  const paths = Array.from(output.matchAll(/"path": "([^"]+)"/g), ([, path]) => path);
  expect(paths.sort()).toEqual(await filesOf(tarball));
  expect(code).toBe(0);
});

test("brings nothing along, and needs nothing else", () => {
  const modules = readdirSync(dir.file("node_modules")).filter((name) => !name.startsWith("."));
  expect(modules.sort()).toEqual(["apisix-bun-runner", "bun-types"]);
  const specifiers = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["']([^"'\n]+)["']/g;
  for (const file of sdkFiles().filter((name) => /\.(d\.ts|js)$/.test(name))) {
    const code = withoutComments(readFileSync(sdkFile(file), "utf8"));
    for (const [, specifier = ""] of code.matchAll(specifiers)) {
      const [, name] = /^\.\/([\w-]+)\.js$/.exec(specifier) ?? [];
      const kinds = file.endsWith(".d.ts") ? [".js", ".d.ts"] : [".js"];
      const inside = kinds.some((kind) => existsSync(sdkFile(`${name}${kind}`)));
      expect(inside || isBuiltin(specifier), `${file} imports ${specifier}`).toBe(true);
    }
  }
});

test("has the notice of each library whose code is in it", () => {
  const notices = readFileSync(sdkFile("THIRD-PARTY-NOTICES.txt"), "utf8");
  const libraries = new Set<string>();
  for (const file of sdkFiles().filter((name) => name.endsWith(".js"))) {
    const origins = readFileSync(sdkFile(file), "utf8").matchAll(
      /^\/\/ .*node_modules\/((?:@[^/]+\/)?[^/]+)\//gm,
    );
    for (const [, library = ""] of origins) libraries.add(library);
  }
  expect([...libraries]).toContain("flatbuffers");
  for (const library of [...libraries, "@standard-schema/spec"]) {
    const licence = readFileSync(join(ROOT, "node_modules", library, "LICENSE"), "utf8").trim();
    expect(notices).toContain(`\n${library} `);
    expect(notices).toContain(licence);
  }
});

test("declares no parts of the inside", () => {
  const declarations = sdkFiles().filter((name) => name.endsWith(".d.ts"));
  for (const name of declarations) {
    expect(readFileSync(sdkFile(name), "utf8")).not.toMatch(/flatbuffers|@internal|PreparedPlugin/);
  }
});

for (const [checker, command] of [
  ["bun check", [process.execPath, "check"]],
  ["tsc", [process.execPath, join(ROOT, "node_modules/typescript/bin/tsc"), "--project", "."]],
] as const) {
  test(`a plugin and its test are checked by ${checker}`, async () => {
    dir.write("wrong.ts", WRONG);
    const { code, output } = await runIn(dir.path, command);
    expect(output.match(/^.*error TS.*$/gm) ?? []).toEqual([]);
    expect(code).toBe(0);
  });
}

test("a plugin is tested with bun test", async () => {
  const { code, output } = await runIn(dir.path, [process.execPath, "test"]);
  expect(output).toContain(" 3 pass\n 0 fail\n");
  expect(code).toBe(0);
});

async function filesOf(path: string): Promise<string[]> {
  const files = await new Bun.Archive(await Bun.file(path).bytes()).files();
  return [...files.keys()].map((name) => name.replace(/^package\//, "")).sort();
}

function sdkFile(name: string): string {
  return dir.file(join("node_modules/apisix-bun-runner/dist/sdk", name));
}

function sdkFiles(): string[] {
  return readdirSync(sdkFile("."));
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
}
