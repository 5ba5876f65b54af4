/** Makes plugins portable: JavaScript that needs no project around it, for builds of the executable they go into. */
import { basename, resolve } from "node:path";
import type { CarriedFiles } from "./carried.ts";
import type { PluginFile } from "./compile.ts";

/**
 * One file for each plugin, with its packages inside. What several plugins share stays shared: a file in
 * a folder that begins with a dot, where no plugin is looked for.
 *
 * @param folder the one that the plugins lie in
 * @throws AggregateError of the bundler's messages
 */
export async function bundleForNextBuild(
  plugins: readonly PluginFile[],
  folder: string,
): Promise<CarriedFiles> {
  const { outputs } = await Bun.build({
    entrypoints: plugins.map(({ file }) => resolve(file)),
    root: resolve(folder),
    target: "bun",
    format: "esm",
    splitting: true,
    external: ["apisix-bun-runner"],
    sourcemap: "inline",
    naming: {
      entry: "[dir]/[name].[ext]",
      chunk: ".shared/[name]-[hash].[ext]",
      asset: ".shared/[name]-[hash].[ext]",
    },
  });
  const assets = outputs.filter(({ kind }) => kind === "asset").map(({ path }) => basename(path));
  const files: CarriedFiles = new Map();
  for (const output of outputs) {
    const path = `runner/plugins/${output.path.replace(/^\.\//, "")}`;
    const isScript = output.kind === "entry-point" || output.kind === "chunk";
    files.set(
      path,
      isScript
        ? Buffer.from(importAssets(await output.text(), assets))
        : new Uint8Array(await output.arrayBuffer()),
    );
  }
  return files;
}

/**
 * A file that a plugin imports is a plain path after bundling, which the next bundler would not follow:
 * this makes it an import again.
 */
function importAssets(script: string, assets: readonly string[]): string {
  return assets.reduce(
    (text, asset) =>
      text.replaceAll(
        new RegExp(`^var (\\w+) = ("[^"\n]*/${RegExp.escape(asset)}");$`, "gm"),
        'import $1 from $2 with { type: "file" };',
      ),
    script,
  );
}
