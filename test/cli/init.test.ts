/** `init` and `new`: a project that works at once, with nothing but the executable. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runOffline } from "../support/offline.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const TSC = resolve(import.meta.dir, "../../node_modules/typescript/bin/tsc");

const FILES = [
  ".gitignore",
  "README.md",
  "apisix.yaml",
  "node_modules",
  "package.json",
  "plugins",
  "tsconfig.json",
];

describe("a new project", () => {
  test("begins with plugins that pass check and test, with no environment and no network", async () => {
    using dir = new TempDir();
    const made = await runOffline(["init", "mine"], dir.path);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.stdout).toEndWith(
      [
        "",
        "Next:",
        "  cd mine",
        "  apisix-bun-runner check   # types, samples, routes",
        "  apisix-bun-runner test",
        "  apisix-bun-runner dev     # over HTTP, with no APISIX installed",
        "",
      ].join("\n"),
    );
    const project = dir.file("mine");
    expect(readdirSync(project).sort()).toEqual(FILES);
    expect(await runOffline(["check"], project)).toEqual({
      code: 0,
      stdout: "no problem in 3 plugins, 2 samples, 3 confs of routes\n",
      stderr: "",
    });
    const tested = await runOffline(["test"], project);
    expect(tested.stderr).toContain("\n 0 fail\n");
    expect(tested).toMatchObject({ code: 0 });
  });

  test("passes bun test, bun check and tsc too", async () => {
    using dir = new TempDir();
    await run(["init", "."], { cwd: dir.path });
    const bun = (args: string[]) => run(args, { cwd: dir.path, command: [process.execPath] });
    expect(await bun(["test"])).toMatchObject({ code: 0 });
    expect(await bun(["check"])).toMatchObject({ code: 0, stdout: "" });
    expect(await bun(["--bun", TSC, "--noEmit"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("is a package of its own name that depends on nothing", async () => {
    using dir = new TempDir();
    await run(["init", "My Plugins!"], { cwd: dir.path });
    expect(JSON.parse(readFileSync(dir.file("My Plugins!/package.json"), "utf8"))).toEqual({
      name: "my-plugins",
      private: true,
      type: "module",
    });
  });

  test("keeps what a fresh repository has", async () => {
    using dir = new TempDir();
    dir.write("README.md", "mine\n");
    dir.write("package.json", "{}\n");
    dir.write(".git/HEAD", "");
    const { code, stdout } = await run(["init", "."], { cwd: dir.path });
    expect(code).toBe(0);
    expect(stdout).toContain("kept README.md\nkept package.json\n");
    expect(stdout).toContain("Next:\n  apisix-bun-runner check");
    expect(readFileSync(dir.file("README.md"), "utf8")).toBe("mine\n");
    expect(readFileSync(dir.file("package.json"), "utf8")).toBe("{}\n");
  });

  test("writes nothing where a file would be lost, and names all of them", async () => {
    using dir = new TempDir();
    dir.write("tsconfig.json", "{}\n");
    dir.write("plugins/greeting.ts", "mine\n");
    expect(await run(["init", "."], { cwd: dir.path })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "apisix-bun-runner: . has plugins/greeting.ts, tsconfig.json, and nothing was written: move what is there, or take another folder\n",
    });
    expect(readdirSync(dir.path).sort()).toEqual(["plugins", "tsconfig.json"]);
  });

  test("is no file", async () => {
    using dir = new TempDir();
    const file = dir.write("taken", "");
    expect(await run(["init", file], { cwd: dir.path })).toMatchObject({
      code: 1,
      stderr: `apisix-bun-runner: ${file} is a file: a project is a folder\n`,
    });
  });
});

describe("new", () => {
  test("adds plugins of each phase and style, which pass check and test", async () => {
    using dir = new TempDir();
    await run(["init", "."], { cwd: dir.path });
    const added = await run(["new", "addUser"], { cwd: dir.path });
    expect(added.code).toBe(0);
    expect(added.stdout).toStartWith(
      "wrote plugins/add-user.ts\nwrote plugins/add-user.test.ts\n\nA route calls it so:\n",
    );
    const others = [
      ["new", "two", "--phase", "response"],
      ["new", "number-three", "--class"],
      ["new", "four_4", "--phase", "response", "--class"],
    ];
    for (const args of others)
      expect(await run(args, { cwd: dir.path })).toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("plugins/number-three.ts"), "utf8")).toContain(
      "class NumberThree extends Base",
    );
    expect(existsSync(dir.file("plugins/four-4.test.ts"))).toBe(true);
    expect(await run(["check"], { cwd: dir.path })).toMatchObject({
      code: 0,
      stdout: "no problem in 7 plugins, 2 samples, 3 confs of routes\n",
    });
    const tested = await run(["test"], { cwd: dir.path });
    expect(tested.stderr).toMatch(/\n 12 pass\n 0 fail\n/);
  });

  test.each([
    ["request", "ext-plugin-pre-req"],
    ["response", "ext-plugin-post-resp"],
  ])("prints a route for the %s phase that check takes", async (phase, extPlugin) => {
    using dir = new TempDir();
    dir.write("plugins/other.ts", "export default { request() {} };");
    const { stdout } = await run(["new", "mine", "--phase", phase], { cwd: dir.path });
    const route = stdout.slice(stdout.indexOf("  - id:"));
    expect(route).toContain(extPlugin);
    dir.write(
      "apisix.yaml",
      `routes:\n${route}upstreams:\n  - id: backend\n    type: roundrobin\n    nodes: {"127.0.0.1:1": 1}\n#END\n`,
    );
    expect(await run(["check"], { cwd: dir.path })).toMatchObject({
      code: 0,
      stdout: "no problem in 2 plugins, 0 samples, 1 conf of routes\n",
    });
  });

  test.each([
    ["say", "say is a plugin of the executable"],
    ["limitReq", "limit-req is a plugin of the executable"],
    ["theirs", "plugins/theirs.js is the plugin theirs: take another name"],
    ["half", "plugins/half.test.ts exists: it is left as it is"],
    ["../up", `"../up" is no name for a plugin`],
    ["2fast", `"2fast" is no name for a plugin`],
    ["a--b", `"a--b" is no name for a plugin`],
  ])("refuses the name %s", async (name, message) => {
    using dir = new TempDir();
    dir.write("plugins/theirs.js", "export default { request() {} };");
    dir.write("plugins/half.test.ts", "");
    const { code, stdout, stderr } = await run(["new", name], { cwd: dir.path });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(readdirSync(join(dir.path, "plugins")).sort()).toEqual(["half.test.ts", "theirs.js"]);
  });
});
