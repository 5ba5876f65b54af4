/** The TypeScript of the documentation: types, plugins, tests. */
import { afterAll, describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { pluginFromModule } from "../../src/plugin/load-module.ts";
import { run } from "../support/run.ts";
import { DocsProject } from "./project.ts";

const project = new DocsProject();
afterAll(() => project[Symbol.dispose]());

/** Runs Bun in the project; its output speaks of pages. */
async function bun(...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: project.path,
    env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, output: project.inPages(stdout + stderr) };
}

test("types", async () => {
  const { code, output } = await bun("check", "--no-script", "--all", "--no-pretty");
  expect(code === 0 ? "" : output).toBe("");
});

const plugins = project.code.filter(({ kind }) => kind === "plugin");

describe("plugins load", () => {
  test.each(plugins.map((block) => [block.at, block] as const))("%s", async (at, block) => {
    const exports: object = await import(block.path);
    expect(() => pluginFromModule(exports, block.name, at)).not.toThrow();
  });
});

describe("the executable loads the plugins", () => {
  test.each([...new Set(plugins.map(({ page }) => page))])("of %s", async (page) => {
    const folder = project.folder(page);
    const { code, stdout, stderr } = await run(["plugins", "--json", "--plugins", folder]);
    expect(project.inPages(stderr)).toBe("");
    expect(code).toBe(0);
    const names: string[] = JSON.parse(stdout).map(({ name }: { name: string }) => name);
    const written = plugins.filter(
      (block) => block.page === page && isTopLevel(block.path, folder),
    );
    expect(names).toEqual(expect.arrayContaining(written.map(({ name }) => name)));
  });
});

function isTopLevel(path: string, folder: string): boolean {
  return path === `${folder}/${basename(path)}`;
}

test("tests pass", async () => {
  const tests = project.code.filter(({ kind }) => kind === "test");
  if (tests.length === 0) return;
  const { code, output } = await bun("test", ...tests.map(({ path }) => path));
  expect(code === 0 ? "" : output).toBe("");
});
