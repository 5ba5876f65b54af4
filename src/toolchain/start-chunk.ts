/** Has the bundler put all that a start needs into two chunks: what receives, and what serves calls. */
import { join, resolve } from "node:path";

/**
 * With splitting, modules share a chunk where the same set of late imports reaches them: what a start needs
 * would lie in thirty. Each module that is imported, or required, late is given an import of the main module at its end, so that
 * all of them reach all of what is there first, and each of the runner's own one of the command line as well. They are there by
 * then, and the imports do nothing. Plugins may be loaded before the second, which they have no use for.
 *
 * @param runner the folder of the runner's own source
 * @param plugins the files of the plugins
 */
export function startChunk(runner: string, plugins: readonly string[]): Bun.BunPlugin {
  const main = join(runner, "src/cli/main.ts");
  const command = join(runner, "src/cli/run.ts");
  return {
    name: "start-chunk",
    async setup(build) {
      const written = plugins.filter(isTypeScript);
      const late = await lateModules([main, ...written]);
      for (const plugin of written) late.add(plugin);
      const own = join(runner, "src/");
      // Exactly these. A look at each module as it is resolved would have the bundler forget which of them have no side effects.
      const filter = new RegExp(`^(${[...late].map((file) => RegExp.escape(file)).join("|")})$`);
      build.onLoad({ filter }, async ({ path }) => {
        const source = await Bun.file(path).text();
        const there = path !== command && path.startsWith(own) ? [main, command] : [main];
        const imports = there.map((module) => `import ${JSON.stringify(module)};\n`);
        return { contents: `${source}\n${imports.join("")}`, loader: "ts" };
      });
    },
  };
}

/** Those that are imported or required when they are needed, among all that these files lead to. Packages are not looked into. */
async function lateModules(files: readonly string[]): Promise<Set<string>> {
  const late = new Set<string>();
  const seen = new Set(files);
  for (const file of seen) {
    for (const { kind, path } of await importsOf(file)) {
      if (!path.startsWith(".") || !isTypeScript(path)) continue;
      const imported = resolve(file, "..", path);
      if (kind === "dynamic-import" || kind === "require-call") late.add(imported);
      seen.add(imported);
    }
  }
  return late;
}

async function importsOf(file: string): Promise<Bun.Import[]> {
  try {
    return new Bun.Transpiler({ loader: "ts" }).scanImports(await Bun.file(file).text());
  } catch {
    // The bundler comes to it as well, and says what is wrong.
    return [];
  }
}

function isTypeScript(file: string): boolean {
  return /\.m?ts$/.test(file);
}
