/** What lies in which chunk of an executable: a start loads the first, and for a first conf little more. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sdkOf, writeEntry } from "../../src/toolchain/compile.ts";
import { startChunk } from "../../src/toolchain/start-chunk.ts";
import { TempDir } from "../support/temp-dir.ts";

const RUNNER = resolve(import.meta.dir, "../..");

const PLUGINS = {
  class: `
    import { Base } from "apisix-bun-runner";
    export default class extends Base { override filter() { this.stop(); } }
  `,
  definition: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({ request: () => stop("no") });
  `,
  // A module in CommonJS must not be made an ES module of.
  common: `module.exports = { default: { request() {} } };`,
  effect: `
    import "./lib/effect.ts";
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request() {} });
  `,
  late: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ async request() { await import("./rare.ts"); } });
  `,
};

/** In each of these modules, and nowhere else. */
const SERVER = "stopped with ";
const RULES = "is no header name";
const RECEPTION = "handOver";

const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

beforeAll(async () => {
  // They lie in a package like the runner's own, as the bundled ones do.
  const { sideEffects } = await Bun.file(join(RUNNER, "package.json")).json();
  dir.write("package.json", JSON.stringify({ name: "plugins", type: "module", sideEffects }));
  dir.write("plugins/lib/effect.ts", 'globalThis.effect = "an effect";\n');
  dir.write("plugins/rare.ts", "export const rare = 1;\n");
  const plugins = Object.entries(PLUGINS).map(([name, source]) => {
    const extension = name === "common" ? "js" : "ts";
    return { name, file: dir.write(`plugins/${name}.${extension}`, source) };
  });
  const entry = await writeEntry(RUNNER, plugins, dir.file("entry.ts"), dir.write("carried", "…"));
  const files = plugins.map(({ file }) => file);
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    splitting: true,
    plugins: [sdkOf(RUNNER), startChunk(RUNNER, files)],
    outdir: dir.file("out"),
  });
});

function chunk(name: string): string {
  return readFileSync(join(dir.path, "out", name), "utf8");
}

/** A chunk and those that it imports at once. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const imports = chunk(name).matchAll(
    /^(?:import|\} from) ?"\.\/([^"]+)"|^import .*from "\.\/([^"]+)"/gm,
  );
  for (const [, bare, named] of imports) withImports((bare ?? named)!, seen);
  return seen;
}

function textOf(names: Iterable<string>): string {
  return Array.from(names, chunk).join("\n");
}

function holdingsOf(text: string): string[] {
  return [RECEPTION, RULES, SERVER].filter((part) => text.includes(part));
}

/** What the plugin brings in that is not there at the beginning. */
function broughtInBy(plugin: string): string {
  const there = withImports("entry.js");
  const own = new RegExp(`"${plugin}", \\(\\) => import\\("\\./([^"]+)"\\)`).exec(
    textOf(there),
  )?.[1];
  if (own === undefined) throw new Error(`the entry does not import ${plugin}`);
  return textOf([...withImports(own)].filter((name) => !there.has(name)));
}

test("the executable begins with what receives, in one chunk", () => {
  const there = withImports("entry.js");
  const text = textOf(there);
  // Its own, that one, and what the plugin in CommonJS needs to be imported.
  expect(there.size).toBe(3);
  expect(holdingsOf(text)).toEqual([RECEPTION]);
});

test("what receives waits for no module of Bun's: node:fs alone takes an eighth of a start", () => {
  const imports = textOf(withImports("entry.js")).match(/^(import\b.*|\}) from "[^.].*/gm);
  expect(imports).toBeNull();
});

describe("a plugin", () => {
  test("that is a class brings in nothing but itself", () => {
    expect(holdingsOf(broughtInBy("class"))).toEqual([]);
  });

  test("that answers with stop() brings in what checks answers, and no server", () => {
    expect(holdingsOf(broughtInBy("definition"))).toEqual([RULES]);
  });

  test("that imports a module for its effect keeps it", () => {
    expect(broughtInBy("effect").includes("an effect")).toBe(true);
  });

  test.each(["late", "common"])("%s: no server either", (plugin) => {
    expect(holdingsOf(broughtInBy(plugin))).not.toContain(SERVER);
  });
});
