/** The command line: what each command prints and how it ends. */
import { describe, expect, test } from "bun:test";
import { cpSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const ROOT = resolve(import.meta.dir, "../..");

describe("version", () => {
  test("names the runner's and Bun's", async () => {
    const { code, stdout } = await run(["version"]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `apisix-bun-runner ${packageJson.version} (Bun 1.4.5, ${process.platform}-${process.arch})\n`,
    );
    expect((await run(["--version"])).stdout).toBe(`${packageJson.version}\n`);
    expect(JSON.parse((await run(["version", "--json"])).stdout)).toMatchObject({
      version: packageJson.version,
    });
  });
});

describe("help", () => {
  test.each([
    [["--help"]],
    [["-h"]],
    [["help"]],
    [["help", "start"]],
    [["start", "--help"]],
    [["call", "--help"]],
    [["plugins", "-h"]],
  ])("%j", async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toStartWith("Usage: apisix-bun-runner");
    expect(stderr).toBe("");
  });

  test("lists every command", async () => {
    const { stdout } = await run(["--help"]);
    for (const command of ["start", "call", "plugins", "version"])
      expect(stdout).toContain(`  ${command}`);
  });
});

describe("a wrong command line ends with 2 and says what is right", () => {
  test.each([
    [["strat"], "unknown command 'strat'"],
    [["--sokcet", "x"], "--socket"],
    [["start", "--plugins"], "argument missing"],
    [["start", "too", "many"], "too many arguments"],
    [["start", "--socket", "/tmp/x", "--log-level", "loud"], "debug"],
    [["start", "--socket", "/tmp/x", "--timeout", "60s"], "55s"],
    [["--config", "/nowhere.yaml"], "/nowhere.yaml"],
  ])("%j", async (args, message) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain("apisix-bun-runner: ");
    expect(stderr).toContain(message);
  });
});

describe("plugins", () => {
  test("lists the bundled ones", async () => {
    const { code, stdout } = await run(["plugins"]);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^NAME +PHASES +SOURCE +DESCRIPTION$/);
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual([
      "canary",
      "fault-injection",
      "http-authz",
      "json-transform",
      "limit-count",
      "limit-req",
      "request-body-rewrite",
      "request-validate",
      "response-mask",
      "response-rewrite",
      "rewrite",
      "say",
      "sql-lookup",
      "stop",
      "webhook-signature",
    ]);
    for (const row of rows)
      expect(row).toMatch(/ (request|response|request response) +bundled +[A-Z].+/);
  });

  test("as JSON, with the schema of each conf", async () => {
    const plugins = JSON.parse((await run(["plugins", "--json"])).stdout) as {
      name: string;
      phases: string[];
      configSchema?: { properties: object };
    }[];
    const say = plugins.find(({ name }) => name === "say");
    expect(say).toMatchObject({ phases: ["request"], source: "bundled", onError: "fail" });
    expect(say?.configSchema?.properties).toHaveProperty("body");
    expect(plugins.every(({ configSchema }) => configSchema !== undefined)).toBe(true);
  });

  test("those of a folder too, and what did not load ends with 1", async () => {
    using dir = new TempDir();
    dir.write("mine.ts", `export default { description: "Mine.", request() {}, response() {} };`);
    dir.write("broken.ts", `throw new Error("no");`);
    const { code, stdout, stderr } = await run(["plugins", "--plugins", dir.path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^mine +request response +\/.*mine\.ts +Mine\.$/m);
    expect(stdout).toMatch(/^broken +- +\/.*broken\.ts +did not load: no \(/m);
    expect(stderr).toContain("plugin broken did not load");
  });
});

test("a file dropped into plugins/ is in the next build, with no other edit", () => {
  using dir = new TempDir();
  const parts = ["package.json", "tsconfig.json", "README.md", "LICENSE"];
  for (const part of [...parts, "src", "plugins", "scripts"]) {
    cpSync(join(ROOT, part), dir.file(part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), dir.file("node_modules"));
  dir.write(
    "plugins/dropped-in.ts",
    `import { definePlugin } from "apisix-bun-runner";
     export default definePlugin({
       description: "Dropped in.",
       request() { void Promise.reject(new Error("left behind")); },
     });`,
  );
  const built = Bun.spawnSync([process.execPath, "scripts/build.ts"], { cwd: dir.path });
  expect(built.stderr.toString()).toBe("");
  const listed = Bun.spawnSync([dir.file("dist/apisix-bun-runner"), "plugins"], { env: {} });
  expect(listed.stdout.toString()).toMatch(/^dropped-in +request +bundled +Dropped in\.$/m);
  expect(listed.stdout.toString()).toMatch(/^say +request +bundled /m);
  // Whose stray promise it was is in its stack; it ends nothing.
  const called = Bun.spawnSync([dir.file("dist/apisix-bun-runner"), "call", "dropped-in"], {
    env: {},
  });
  expect(called.stderr.toString()).toContain(
    "a rejection that nothing caught; the runner goes on plugin=dropped-in",
  );
  expect(called.stderr.toString()).toContain("left behind");
  expect(called.stdout.toString()).toContain("continue: nothing changed");
  expect(called.exitCode).toBe(0);
});
