/** Has the bundler put all that a start needs into one chunk. */
import { join, resolve } from "node:path";

/**
 * With splitting, modules share a chunk where the same set of late imports reaches them: what a start needs
 * would lie in thirty. Each module that is imported, or required, late is given an import of the main module at its end, so that
 * all of them reach all of a start. It is there by then, and the import does nothing.
 */
export function startChunk(runner: string): Bun.BunPlugin {
  const main = join(runner, "src/cli/main.ts");
  const late = new Set<string>();
  return {
    name: "start-chunk",
    setup(build) {
      build.onResolve({ filter: /\.ts$/ }, ({ path, importer, kind }) => {
        const file = resolve(importer, "..", path);
        const isLate = kind === "dynamic-import" || kind === "require-call";
        if (isLate && file !== main) late.add(file);
        return undefined;
      });
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!late.has(path)) return undefined;
        const source = await Bun.file(path).text();
        return { contents: `${source}\nimport ${JSON.stringify(main)};\n`, loader: "ts" };
      });
    },
  };
}
