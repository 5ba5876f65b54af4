/** `test`: Bun's test runner, from the executable. */
import { describe, expect, test } from "bun:test";
import { executable } from "../support/executable.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const PASSES = `import { expect, test } from "bun:test"; test("passes", () => { expect(1).toBe(1); });`;
const FAILS = `import { expect, test } from "bun:test"; test("fails", () => { expect(1).toBe(2); });`;

/** With an SDK that does, so that no test has to write one. */
function project(): TempDir {
  const dir = new TempDir();
  dir.write("node_modules/bun-types/package.json", "{}");
  dir.write("node_modules/apisix-bun-runner/package.json", `{ "version": "0.1.0" }`);
  return dir;
}

describe("passes on", () => {
  test("the exit code", async () => {
    using dir = project();
    dir.write("plugins/a.test.ts", PASSES);
    expect(await run(["test"], { cwd: dir.path })).toMatchObject({ code: 0 });
    dir.write("plugins/b.test.ts", FAILS);
    expect(await run(["test"], { cwd: dir.path })).toMatchObject({ code: 1 });
  });

  test("files", async () => {
    using dir = project();
    dir.write("plugins/a.test.ts", PASSES);
    dir.write("plugins/b.test.ts", FAILS);
    const { code, stderr } = await run(["test", "plugins/a.test.ts"], { cwd: dir.path });
    expect(code).toBe(0);
    expect(stderr).toContain("Ran 1 test across 1 file");
  });

  test("flags, before and after files", async () => {
    using dir = project();
    dir.write("plugins/a.test.ts", `${PASSES}\ntest("other", () => {});`);
    for (const args of [
      ["-t", "passes", "a.test"],
      ["a.test", "--test-name-pattern", "passes"],
      ["--test-name-pattern=passes"],
    ]) {
      const { code, stderr } = await run(["test", ...args], { cwd: dir.path });
      expect(code).toBe(0);
      expect(stderr).toContain("1 filtered out");
    }
  });

  test("--coverage, which tells of the project's files alone", async () => {
    using dir = project();
    dir.write("plugins/one.ts", "export const one = () => 1;");
    dir.write(
      "plugins/one.test.ts",
      `import { test } from "bun:test"; import { one } from "./one.ts"; test("one", () => { one(); });`,
    );
    const { code, stderr } = await run(["test", "--coverage"], { cwd: dir.path });
    expect(code).toBe(0);
    const files = Array.from(stderr.matchAll(/^ (\S+) +\| +100/gm), ([, file]) => file);
    expect(files).toEqual(["plugins/one.ts"]);
  });

  test("--watch, until it is told to end; nothing is left behind", async () => {
    using dir = project();
    const file = dir.write("plugins/a.test.ts", PASSES);
    const child = Bun.spawn([executable, "test", "--watch"], {
      cwd: dir.path,
      env: {},
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const output = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(seen)) {
        const { value, done } = await output.read();
        if (done) throw new Error(`the end came first: ${seen}`);
        seen += value;
      }
    };
    await until(/ 1 pass/);
    await Bun.write(file, FAILS);
    await until(/ 1 fail/);
    child.kill("SIGINT");
    await child.exited;
    expect(child.signalCode).toBe("SIGINT");
    // All that it started would hold the pipe open.
    for (;;) if ((await output.read()).done) break;
  });
});

test("a signal reaches the tests, which take this process's place", async () => {
  using dir = project();
  dir.write(
    "plugins/a.test.ts",
    `import { test } from "bun:test";
     test("waits", async () => { console.log(\`pid \${process.pid}\`); await new Promise(() => {}); }, 1e9);`,
  );
  const child = Bun.spawn([executable, "test"], {
    cwd: dir.path,
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let seen = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    seen += text;
    if (/pid \d+\n/.test(seen)) child.kill("SIGTERM");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
  expect(seen).toContain(`pid ${child.pid}\n`);
});

describe("what tests start", () => {
  const VARIABLE = "BUN_BE_BUN";
  const LOOK = `JSON.stringify(process.env.${VARIABLE} ?? null)`;

  test.each([
    ["by Bun.spawn", `await Bun.spawn(["/usr/bin/env"]).stdout.text()`],
    ["by Bun.spawn with an object", `await Bun.spawn({ cmd: ["/usr/bin/env"] }).stdout.text()`],
    ["by Bun.spawnSync", `Bun.spawnSync(["/usr/bin/env"]).stdout.toString()`],
    [
      "by spawn of the module bun",
      `(await import("bun")).spawnSync(["/usr/bin/env"]).stdout.toString()`,
    ],
    ["by Bun.$", `await Bun.$\`/usr/bin/env\`.text()`],
    [
      "by node:child_process",
      `(await import("node:child_process")).execSync("/usr/bin/env").toString()`,
    ],
    [
      "in a Worker",
      `await new Promise((resolve) => {
        const code = 'postMessage(Bun.spawnSync(["/usr/bin/env"]).stdout.toString())';
        const worker = new Worker(URL.createObjectURL(new Blob([code])));
        worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
      })`,
    ],
  ])("%s does not see that Bun is inside the executable", async (_, environment) => {
    using dir = project();
    dir.write(
      "plugins/a.test.ts",
      `import { expect, test } from "bun:test";
       test("environment", async () => {
         expect(${LOOK}).toBe("null");
         const environment = ${environment};
         expect(environment).toContain("NODE_ENV=test");
         expect(environment).not.toContain("${VARIABLE}");
       });`,
    );
    const { code, stderr } = await run(["test", "--parallel"], { cwd: dir.path });
    expect(stderr).toContain("1 pass");
    expect(code).toBe(0);
  });

  test("is the runner, where it is the executable", async () => {
    using dir = project();
    dir.write(
      "plugins/a.test.ts",
      `import { expect, test } from "bun:test";
       test("version", () => {
         const { stdout } = Bun.spawnSync([process.execPath, "version"]);
         expect(stdout.toString()).toStartWith("apisix-bun-runner ");
       });`,
    );
    expect(await run(["test"], { cwd: dir.path })).toMatchObject({ code: 0 });
  });

  test("keeps the environment that it is given", async () => {
    using dir = project();
    dir.write(
      "plugins/a.test.ts",
      `import { expect, test } from "bun:test";
       test("environment", () => {
         const { stdout } = Bun.spawnSync(["/usr/bin/env"], { env: { A: "1" } });
         expect(stdout.toString()).toBe("A=1\\n");
       });`,
    );
    expect(await run(["test"], { cwd: dir.path })).toMatchObject({ code: 0 });
  });
});

test("a preload of the project's own bunfig.toml is loaded too", async () => {
  using dir = project();
  dir.write("bunfig.toml", `[test]\npreload = ["./own.ts"]\n`);
  dir.write("own.ts", `globalThis.own = true;`);
  dir.write(
    "plugins/a.test.ts",
    `import { expect, test } from "bun:test"; test("own", () => { expect(globalThis.own).toBe(true); });`,
  );
  expect(await run(["test"], { cwd: dir.path })).toMatchObject({ code: 0 });
});

describe("without tests", () => {
  test("says what a test is, and writes nothing", async () => {
    using dir = new TempDir();
    dir.write("node_modules/zod/a.test.ts", PASSES);
    expect(await run(["test"], { cwd: dir.path })).toEqual({
      code: 1,
      stdout: "",
      stderr: `apisix-bun-runner: there is no test in ${dir.path}: a test is a file such as plugins/NAME.test.ts; apisix-bun-runner new NAME adds a plugin with one\n`,
    });
  });

  test("passes where the flags say so", async () => {
    using dir = project();
    expect(await run(["test", "--pass-with-no-tests"], { cwd: dir.path })).toMatchObject({
      code: 0,
    });
  });
});
