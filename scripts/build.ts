/** Builds `dist/apisix-bun-runner`: the runner and every plugin in `plugins/`, in one executable. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { createLogger } from "../src/log/logger.ts";
import { findPlugins } from "../src/plugin/folders.ts";

const ROOT = resolve(import.meta.dir, "..");

export interface BuildOptions {
  /** Every plugin file in it goes into the executable. */
  readonly plugins?: string;
  readonly outfile?: string;
}

/** @returns the executable's path */
export async function build({
  plugins = join(ROOT, "plugins"),
  outfile = join(ROOT, "dist/apisix-bun-runner"),
}: BuildOptions = {}): Promise<string> {
  // Source maps and all else that the build leaves; the executable carries what it needs of them.
  const workshop = `${outfile}.build`;
  rmSync(workshop, { recursive: true, force: true });
  const entry = await writeEntry(plugins, join(workshop, "entry.ts"));
  // A runner that is being replaced may be running: build elsewhere, then move over it.
  const fresh = join(workshop, basename(outfile));
  const result = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    // What is imported late stays out of the start, node: modules included: without it they are all loaded first.
    splitting: true,
    sourcemap: "linked",
    compile: {
      outfile: fresh,
      // What lies in APISIX's working directory must not change the runner.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      // Plugins from folders have packages of their own, with "main" and "exports".
      autoloadPackageJson: true,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, "the executable could not be built");
  renameSync(fresh, outfile);
  return outfile;
}

/** The executable's main module: which plugins it has is the build's matter, not the source's. */
async function writeEntry(plugins: string, file: string): Promise<string> {
  const log = createLogger({ level: "error", format: "text" });
  const imports = findPlugins(plugins, log).map(
    ({ name, file: plugin }) =>
      `  [${JSON.stringify(name)}, () => import(${JSON.stringify(plugin)})],`,
  );
  mkdirSync(resolve(file, ".."), { recursive: true });
  await Bun.write(
    file,
    [
      `import { main } from ${JSON.stringify(join(ROOT, "src/cli/main.ts"))};`,
      `await main([`,
      ...imports,
      `], process.argv.slice(2));`,
      ``,
    ].join("\n"),
  );
  return file;
}

if (import.meta.main) {
  const started = performance.now();
  const outfile = await build();
  const megabytes = (statSync(outfile).size / 1e6).toFixed(0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`built ${relative(process.cwd(), outfile)} (${megabytes} MB) in ${seconds} s`);
}
