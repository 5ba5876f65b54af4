/** `sync`, and the commands that sync by themselves. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const { version } = packageJson;

const WROTE = `wrote apisix-bun-runner ${version}, @types/node `;

const PLUGIN = `import { definePlugin } from "apisix-bun-runner";
export default definePlugin({ request() {} });
`;

const TEST = `import { expect, test } from "bun:test";
import { testPlugin } from "apisix-bun-runner/testing";
import plugin from "./mine.ts";
test("goes on", async () => {
  expect((await (await testPlugin(plugin)).request("/")).action).toBe("continue");
});
`;

function project(): TempDir {
  const dir = new TempDir();
  dir.write("plugins/mine.ts", PLUGIN);
  dir.write("plugins/mine.test.ts", TEST);
  return dir;
}

function manifest(name: string, of: string): string {
  return JSON.stringify({ name, version: of });
}

describe("sync", () => {
  test("writes the SDK and the types it needs", async () => {
    using dir = project();
    const { code, stdout } = await run(["sync"], { cwd: dir.path });
    expect(code).toBe(0);
    expect(stdout).toStartWith(WROTE);
    expect(readdirSync(dir.file("node_modules")).sort()).toEqual([
      "@types",
      "apisix-bun-runner",
      "bun-types",
      "undici-types",
    ]);
  });

  test("replaces older copies as a whole, and leaves other packages", async () => {
    using dir = project();
    await run(["sync"], { cwd: dir.path });
    dir.write(
      "node_modules/apisix-bun-runner/package.json",
      manifest("apisix-bun-runner", "0.0.1"),
    );
    dir.write("node_modules/apisix-bun-runner/dist/sdk/gone.js", "");
    dir.write("node_modules/bun-types/gone.d.ts", "");
    dir.write("node_modules/zod/index.js", "");
    expect(await run(["sync", dir.path])).toMatchObject({ code: 0 });
    expect(existsSync(dir.file("node_modules/apisix-bun-runner/dist/sdk/gone.js"))).toBe(false);
    expect(existsSync(dir.file("node_modules/bun-types/gone.d.ts"))).toBe(false);
    expect(existsSync(dir.file("node_modules/zod/index.js"))).toBe(true);
    expect(
      JSON.parse(readFileSync(dir.file("node_modules/apisix-bun-runner/package.json"), "utf8")),
    ).toMatchObject({ version });
  });

  test("leaves types that the project installed itself, and links", async () => {
    using dir = project();
    dir.write("node_modules/bun-types/package.json", manifest("bun-types", "1.5.0"));
    dir.write("elsewhere/package.json", manifest("apisix-bun-runner", "0.2.0"));
    symlinkSync(dir.file("elsewhere"), dir.file("node_modules/apisix-bun-runner"));
    const { code, stdout } = await run(["sync"], { cwd: dir.path });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^wrote @types\/node \S+, undici-types \S+ to node_modules$/m);
    expect(stdout).toContain("left apisix-bun-runner 0.2.0 as it is: it is a link\n");
    expect(stdout).toContain("left bun-types 1.5.0 as it is: it is the project's own\n");
    expect(readdirSync(dir.file("node_modules/bun-types"))).toEqual(["package.json"]);
    expect(readdirSync(dir.file("elsewhere"))).toEqual(["package.json"]);
  });

  test("replaces an SDK that came from elsewhere: it is asked for", async () => {
    using dir = project();
    dir.write(
      "node_modules/apisix-bun-runner/package.json",
      manifest("apisix-bun-runner", "9.0.0"),
    );
    expect((await run(["sync"], { cwd: dir.path })).stdout).toStartWith(WROTE);
  });

  test("replaces links that lead nowhere", async () => {
    using dir = project();
    mkdirSync(dir.file("node_modules"));
    for (const name of ["apisix-bun-runner", "bun-types"]) {
      symlinkSync(dir.file("nowhere"), dir.file(`node_modules/${name}`));
    }
    expect(await run(["sync"], { cwd: dir.path })).toMatchObject({ code: 0 });
    expect(await run(["check"], { cwd: dir.path })).toMatchObject({ code: 0, stderr: "" });
  });

  test("follows a node_modules that is a link", async () => {
    using dir = project();
    mkdirSync(dir.file("elsewhere"));
    symlinkSync(dir.file("elsewhere"), dir.file("node_modules"));
    expect(await run(["sync"], { cwd: dir.path })).toMatchObject({ code: 0 });
    expect(readdirSync(dir.file("elsewhere"))).toContain("apisix-bun-runner");
  });

  test("says why it cannot write", async () => {
    using dir = project();
    const modules = dir.file("node_modules");
    symlinkSync(dir.file("nowhere"), modules);
    expect(await run(["sync"], { cwd: dir.path })).toMatchObject({
      code: 1,
      stderr: `apisix-bun-runner: ${modules} cannot be written: it is a link that leads nowhere\n`,
    });
    rmSync(modules);
    dir.write("node_modules", "");
    expect(await run(["sync"], { cwd: dir.path })).toMatchObject({
      code: 1,
      stderr: `apisix-bun-runner: ${modules} cannot be written: it is a file, not a folder\n`,
    });
    expect(await run(["sync", "nowhere"], { cwd: dir.path })).toMatchObject({
      code: 1,
      stderr: `apisix-bun-runner: ${dir.file("nowhere")} is no folder: name the folder of a project\n`,
    });
  });
});

describe("check and test", () => {
  test.each(["check", "test"])(
    "%s writes the SDK after git clone, and says so",
    async (command) => {
      using dir = project();
      const first = await run([command], { cwd: dir.path });
      expect(first.code).toBe(0);
      expect(first.stderr).toStartWith(
        `apisix-bun-runner: the SDK was not in node_modules: ${WROTE}`,
      );
      expect((await run([command], { cwd: dir.path })).stderr).not.toContain("SDK");
      rmSync(dir.file("node_modules/bun-types"), { recursive: true });
      expect(await run([command], { cwd: dir.path })).toMatchObject({ code: 0 });
    },
  );

  test("begun at once each find it in the end", async () => {
    using dir = project();
    const both = await Promise.all(
      ["check", "test", "check"].map((command) => run([command], { cwd: dir.path })),
    );
    expect(both.map(({ code }) => code)).toEqual([0, 0, 0]);
    const modules = readdirSync(dir.file("node_modules"));
    expect(modules.filter((name) => name.startsWith(".apisix-bun-runner-"))).toEqual([]);
  });

  test("find the SDK in a folder above, as imports do", async () => {
    using dir = new TempDir();
    await run(["sync"], { cwd: dir.path });
    dir.write("packages/a/plugins/mine.ts", PLUGIN);
    expect(await run(["check", "packages/a"], { cwd: dir.path })).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(existsSync(dir.file("packages/a/node_modules"))).toBe(false);
  });

  test.each([
    ["0.0.9", "older"],
    ["9.0.0", "newer"],
    ["0.0.9-rc.1", "older"],
  ])("say that the SDK %s is %s, and go on", async (other, word) => {
    using dir = project();
    await run(["sync"], { cwd: dir.path });
    const file = dir.file("node_modules/apisix-bun-runner/package.json");
    const content: object = JSON.parse(readFileSync(file, "utf8"));
    await Bun.write(file, JSON.stringify({ ...content, version: other }));
    for (const command of ["check", "test"]) {
      const { code, stderr } = await run([command], { cwd: dir.path });
      expect(code).toBe(0);
      expect(stderr).toStartWith(
        `apisix-bun-runner: the SDK in node_modules is ${other}, ${word} than this apisix-bun-runner ${version}: run apisix-bun-runner sync\n`,
      );
    }
  });
});
