/** Nothing of the inspector is in a runner that APISIX starts. */
import { describe, expect, test } from "bun:test";
import { relative, resolve } from "node:path";
import { run } from "../support/run.ts";

const ROOT = resolve(import.meta.dir, "../..");

describe("start", () => {
  test("loads nothing of it: what it imports at once, and all that those import, lies elsewhere", async () => {
    const { metafile } = await Bun.build({
      entrypoints: [resolve(ROOT, "src/cli/main.ts")],
      target: "bun",
      metafile: true,
    });
    const inputs = new Map(
      Object.entries(metafile?.inputs ?? {}).map(([path, input]) => [resolve(path), input]),
    );
    // The second is imported by the first when it has received who comes.
    const loaded = new Set(
      ["src/cli/main.ts", "src/cli/run.ts"].map((file) => resolve(ROOT, file)),
    );
    for (const file of loaded) {
      for (const { path, kind } of inputs.get(file)?.imports ?? []) {
        if (kind === "import-statement") loaded.add(resolve(path));
      }
    }
    const names = [...loaded].map((file) => relative(ROOT, file));
    expect(names).toContain("src/plugin/chain.ts");
    expect(names.filter((name) => /inspector|preact/.test(name))).toEqual([]);
    // The inspector is there for `dev` all the same.
    expect([...inputs.keys()].some((file) => file.endsWith("src/inspector/server.ts"))).toBe(true);
  });

  test.each(["--inspect-port=0", "--inspector", "--traces=/tmp/x", "--record=x"])(
    "has no %s",
    async (option) => {
      const { stderr, code } = await run(["start", option]);
      expect(stderr).toContain("unknown option");
      expect(code).toBe(2);
    },
  );
});

test("the page's own types hold: it is checked with those of a browser", async () => {
  const check = Bun.spawn(
    [process.execPath, "check", "--no-script", "-p", resolve(ROOT, "src/inspector/page")],
    { cwd: ROOT, stdout: "pipe", stderr: "pipe" },
  );
  const [stdout, stderr] = await Promise.all([check.stdout.text(), check.stderr.text()]);
  expect([await check.exited, stdout, stderr.trim()]).toEqual([
    0,
    "",
    expect.stringContaining("No type errors"),
  ]);
});
