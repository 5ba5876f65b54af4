/** `build`: executables made by the executable, over several generations. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { executable } from "../support/executable.ts";
import { run, type RunResult } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const MODULES = resolve(import.meta.dir, "../../node_modules");

/** Two plugins in the two styles, with a file that both import, packages, and a file that is no code. */
const PROJECT: Record<string, string> = {
  "lib/count.ts": `let calls = 0; export const count = () => ++calls;`,
  "plugins/greet.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    import { z } from "zod";
    import { count } from "../lib/count.ts";
    enum Word { Hello = "hello" }
    export default definePlugin({
      description: "Greets.",
      config: z.object({ name: z.string() }),
      request({ config, request }) {
        if (request.path === "/boom") throw new Error("on purpose");
        return stop(\`\${Word.Hello} \${config.name} \${count()}\`);
      },
    });`,
  "plugins/note/index.ts": `
    import { Base, type PluginRequest, type StopResponse } from "apisix-bun-runner";
    import { type } from "arktype";
    import * as v from "valibot";
    import { count } from "../../lib/count.ts";
    import text from "./note.txt" with { type: "file" };
    export default class Note extends Base<{ mark: string }> {
      static override config = v.object({ mark: v.string() });
      override async filter(request: PluginRequest, response: StopResponse) {
        const note = type("string")(await Bun.file(text).text());
        response.body = \`\${note}\${this.config.mark} \${count()}\`;
        this.stop();
      }
    }`,
  "plugins/note/note.txt": "written down",
  "plugins/note.test.ts": `throw new Error("a test is no plugin");`,
};

const PLUGINS = resolve(import.meta.dir, "../../plugins");

const BUNDLED = readdirSync(PLUGINS)
  .filter((name) => (name.endsWith(".ts") ? !name.endsWith(".test.ts") : isPlugin(name)))
  .map((name) => name.replace(/\.ts$/, ""))
  .sort();

/** A folder beside them has what several share. */
function isPlugin(folder: string): boolean {
  return existsSync(resolve(PLUGINS, folder, "index.ts"));
}

function writeProject(dir: TempDir, name: string, files = PROJECT): string {
  for (const [path, content] of Object.entries(files)) dir.write(`${name}/${path}`, content);
  mkdirSync(dir.file(`${name}/node_modules`), { recursive: true });
  for (const module of ["zod", "arktype", "@ark", "arkregex", "valibot"]) {
    symlinkSync(join(MODULES, module), dir.file(`${name}/node_modules/${module}`));
  }
  return dir.file(name);
}

async function namesOf(command: string): Promise<string[]> {
  const { stdout } = await run(["plugins", "--json"], { command: [command] });
  return JSON.parse(stdout).map(({ name }: { name: string }) => name);
}

async function body(command: string, args: readonly string[]): Promise<string | undefined> {
  const { stdout, stderr } = await run(["call", ...args], { command: [command] });
  return /^ {2}\| (.*)$/m.exec(stdout)?.[1] ?? stderr;
}

describe("over two generations", () => {
  const dir = new TempDir();
  const second = dir.file("second");
  const third = dir.file("third");
  let built: RunResult;

  beforeAll(async () => {
    writeProject(dir, "project");
    built = await run(["build", "project", "-o", "second"], { cwd: dir.path });
    dir.write(
      "more/late.ts",
      `import { definePlugin, stop } from "apisix-bun-runner";
       export default definePlugin({ request: () => stop("late") });`,
    );
    await run(["build", dir.file("more"), "-o", third], { command: [second] });
  });
  afterAll(() => dir[Symbol.dispose]());

  test("the second says what is in it", async () => {
    expect(built.stderr).toBe("");
    expect(built.stdout).toMatch(/^built second \(\d+ MB\) in \d+\.\d s$/m);
    expect(built.stdout).toContain(`plugins: greet, note; bundled: ${BUNDLED.join(", ")}\n`);
    expect(await namesOf(second)).toEqual([...BUNDLED, "greet", "note"].sort());
    expect(statSync(second).mode & 0o777).toBe(0o755);
  });

  test.each([
    ["second", () => second],
    ["third", () => third],
  ])("the %s runs the project's plugins, with packages and files inside", async (_, command) => {
    expect(await body(command(), ["greet", `{"name":"you"}`])).toBe("hello you 1");
    expect(await body(command(), ["note", `{"mark":"!"}`])).toBe("written down! 1");
    expect(await body(command(), ["say", `{"body":"hi"}`])).toBe("hi");
  });

  test.each([
    ["second", () => second],
    ["third", () => third],
  ])("in the %s a wrong conf names the field", async (_, command) => {
    expect(await body(command(), ["greet", `{"name":1}`])).toContain("name");
    expect(await body(command(), ["note", `{"mark":1}`])).toContain("mark");
  });

  test("the second names the line of TypeScript that threw", async () => {
    const line = PROJECT["plugins/greet.ts"]?.split("\n").findIndex((at) => at.includes("boom"));
    const { stderr } = await run(["call", "greet", `{"name":"you"}`, "/boom"], {
      command: [second],
    });
    expect(stderr).toContain(`plugins/greet.ts:${(line ?? 0) + 1}:`);
  });

  test("the third has the plugins of both", async () => {
    expect(await namesOf(third)).toEqual([...BUNDLED, "greet", "note", "late"].sort());
    expect(await body(third, ["late"])).toBe("late");
  });

  test("--no-bundled has the project's alone, in all later generations", async () => {
    const lean = dir.file("lean");
    const leaner = dir.file("leaner");
    await run(["build", "more", "-o", lean, "--no-bundled"], { command: [third], cwd: dir.path });
    expect(await namesOf(lean)).toEqual(["late"]);
    await run(["build", dir.file("project"), "-o", leaner], { command: [lean] });
    expect(await namesOf(leaner)).toEqual(["greet", "late", "note"]);
  });

  test("has the commands of the first, byte for byte the same help", async () => {
    const help = (command: string) => run(["--help"], { command: [command] });
    expect(await help(third)).toEqual(await help(executable));
  });

  test("leaves nothing but the executable", () => {
    expect(readdirSync(dir.path).filter((name) => name.startsWith("."))).toEqual([]);
    expect(readdirSync(dir.file("project")).sort()).toEqual(["lib", "node_modules", "plugins"]);
  });

  test("--runtime takes any apisix-bun-runner", async () => {
    const { stdout } = await run(
      ["build", "more", "-o", "other", "--target", "linux-arm64", "--runtime", second],
      { cwd: dir.path },
    );
    expect(stdout).toContain("It is for linux-arm64: whether its plugins load was not tried here.");
    expect(await body(dir.file("other"), ["late"])).toBe("late");
  });
});

describe("says what is wrong, and leaves what was there", () => {
  const PLUGIN = `import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request() {} });`;

  /** A build that fails over an executable that is there already. */
  async function failing(files: Record<string, string>, ...args: string[]): Promise<string> {
    using dir = new TempDir();
    const before = dir.write("out", "\x7fELF, the one before");
    for (const [path, content] of Object.entries(files)) dir.write(`project/${path}`, content);
    const { code, stdout, stderr } = await run(["build", "project", "-o", "out", ...args], {
      cwd: dir.path,
    });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(readFileSync(before, "utf8")).toBe("\x7fELF, the one before");
    expect(readdirSync(dir.path).filter((name) => name !== "project")).toEqual(["out"]);
    return stderr.replaceAll(dir.path, "DIR");
  }

  test("a package that is not there: where it is imported, and how to add it", async () => {
    const files = { "plugins/a.ts": `import { z } from "zod";\n${PLUGIN}\nz.string();` };
    const stderr = await failing(files);
    expect(stderr).toMatch(
      /^apisix-bun-runner: project\/plugins\/a\.ts:1:19: .*"zod".*: add it with BUN_BE_BUN=1 \S+ add zod$/m,
    );
  });

  test("each syntax error with its place", async () => {
    const stderr = await failing({ "a.ts": `${PLUGIN}\nlet let = 1;`, "b.ts": "if (" });
    expect(stderr).toMatch(/^apisix-bun-runner: project\/a\.ts:3:\d+: /m);
    expect(stderr).toMatch(/^apisix-bun-runner: project\/b\.ts:1:\d+: /m);
  });

  test("a file that is no plugin", async () => {
    expect(await failing({ "a.ts": "export const a = 1;" })).toContain(
      "plugin a does not load: has no default export",
    );
  });

  test("a plugin that ends the process as it loads", async () => {
    expect(await failing({ "a.ts": `process.exit(7);\n${PLUGIN}` })).toContain(
      "the new executable exits with 7 when it is asked for its plugins",
    );
  });

  test("a name that is taken", async () => {
    expect(await failing({ "plugins/say.ts": PLUGIN })).toBe(
      "apisix-bun-runner: the plugin name say is used twice, by a bundled plugin and DIR/project/plugins/say.ts: rename one, or build with --no-bundled\n",
    );
    expect(await failing({ "my-a.ts": PLUGIN, "myA.ts": PLUGIN })).toContain(
      "is used twice, by DIR/project/my-a.ts and DIR/project/myA.ts: rename one\n",
    );
  });

  test("no plugin at all", async () => {
    expect(await failing({ "README.md": "" })).toBe(
      "apisix-bun-runner: there is no plugin in DIR/project: a plugin is a .ts or .js file in it\n",
    );
    expect(await failing({})).toContain("DIR/project is no folder");
  });

  test("a target that is none, a runtime that is none", async () => {
    expect(await failing({ "a.ts": PLUGIN }, "--target", "linux-riscv")).toContain(
      "there is no target linux-riscv; there are linux-x64,",
    );
    expect(await failing({ "a.ts": PLUGIN }, "--runtime", "project/a.ts")).toContain(
      "project/a.ts is no executable: --runtime takes an apisix-bun-runner or a Bun",
    );
    expect(await failing({ "a.ts": PLUGIN }, "--runtime", "gone")).toContain(
      "there is no file gone",
    );
  });

  test("an output that is a folder, or a file of another kind", async () => {
    using dir = new TempDir();
    const source = dir.write("a.ts", PLUGIN);
    const folder = await run(["build", dir.path, "-o", dir.path]);
    expect(folder.stderr).toContain("is a folder: -o takes the path of the new executable");
    const file = await run(["build", dir.path, "-o", source]);
    expect(file.stderr).toContain("exists and is no executable: it is left as it is");
    expect([folder.code, file.code]).toEqual([1, 1]);
    expect(readFileSync(source, "utf8")).toBe(PLUGIN);
  });

  const noNetwork = ["unshare", "-rn"];
  const canCutOff = Bun.which("unshare") && Bun.spawnSync([...noNetwork, "true"]).success;
  test.skipIf(!canCutOff)("another platform with no network (needs user namespaces)", async () => {
    using dir = new TempDir();
    dir.write("a.ts", PLUGIN);
    const { code, stderr } = await run(["build", ".", "-o", "out", "--target", "darwin-arm64"], {
      cwd: dir.path,
      command: [Bun.which("unshare") ?? "", "-rn", executable],
    });
    expect(code).toBe(1);
    expect(stderr).toContain("Failed to download");
    expect(stderr).toContain(
      "an executable for bun-darwin-arm64 needs the Bun 1.4.5 of that platform",
    );
    expect(stderr).toContain("name one with --runtime FILE");
    expect(existsSync(dir.file("out"))).toBe(false);
  });
});
