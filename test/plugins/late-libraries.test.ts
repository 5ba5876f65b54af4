/** What a plugin's module loads is little; the libraries that its work takes come in with the first conf. */
import { describe, expect, test } from "bun:test";
import { join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

/** Packages that a plugin's module reaches, and those that it reaches late. */
async function packagesOf(plugin: string): Promise<{ at: string[]; late: string[] }> {
  const entry = join(ROOT, "plugins", plugin, "index.ts");
  const { metafile } = await Bun.build({ entrypoints: [entry], target: "bun", metafile: true });
  const inputs = new Map(
    Object.entries(metafile?.inputs ?? {}).map(([path, input]) => [resolve(path), input]),
  );
  const reach = (isFollowed: (kind: string) => boolean): string[] => {
    const found = new Set([entry]);
    for (const file of found) {
      for (const { path, kind } of inputs.get(file)?.imports ?? []) {
        if (isFollowed(kind)) found.add(resolve(path));
      }
    }
    const packages = Array.from(found, (file) => packageOf(relative(ROOT, file)));
    return [...new Set(packages)].filter((name) => name !== undefined).sort();
  };
  const at = reach((kind) => kind !== "dynamic-import");
  return { at, late: reach(() => true).filter((name) => !at.includes(name)) };
}

function packageOf(path: string): string | undefined {
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

describe("at once valibot, late the rest", () => {
  test.each([
    ["json-transform", ["jsonata", "re2js"]],
    ["request-validate", expect.arrayContaining(["ajv", "ajv-formats", "re2js"])],
  ])("%s", async (plugin, late) => {
    const packages = await packagesOf(plugin);
    expect(packages.late).toEqual(late);
    expect(packages.at).toContain("valibot");
    expect(packages.at).not.toContain("ajv");
    expect(packages.at).not.toContain("jsonata");
    expect(packages.at).not.toContain("re2js");
  });
});
