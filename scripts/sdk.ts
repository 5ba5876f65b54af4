/** Builds `dist/sdk/`: what a plugin imports as `apisix-bun-runner`, as the package and the executable carry it. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { noticesOf } from "./sdk/notices.ts";
import { bundleScripts } from "./sdk/scripts.ts";

const ROOT = resolve(import.meta.dir, "..");

/** The modules of the public API, `src/<name>.ts`. */
const ENTRIES = ["index", "testing"];

/** The text that must go wherever the SDK goes. */
const NOTICES = "THIRD-PARTY-NOTICES.txt";

/**
 * Puts the SDK there: JavaScript with all libraries inside, type declarations that need only those of
 * the runtime, and the notices of the libraries. What is in the folder and does not belong there goes.
 *
 * @returns the paths of its files in `outdir`, sorted
 */
export async function buildSdk(outdir: string = join(ROOT, "dist/sdk")): Promise<string[]> {
  // TypeScript takes a fifth of a second to load, and whoever imports this may have no need of it.
  const { bundleDeclarations } = await import("./sdk/declarations.ts");
  const scripts = await bundleScripts(ROOT, ENTRIES);
  const declarations = await bundleDeclarations(ROOT, scripts.exports);
  const notices = noticesOf([...scripts.sources, ...declarations.sources]);
  const files = new Map([...scripts.files, ...declarations.files, [NOTICES, notices]]);
  await place(files, outdir);
  return [...files.keys()].sort();
}

/** Each file is replaced at once, since others may be reading it. */
async function place(files: ReadonlyMap<string, string>, outdir: string): Promise<void> {
  mkdirSync(dirname(resolve(outdir)), { recursive: true });
  const workshop = mkdtempSync(`${resolve(outdir)}.`);
  mkdirSync(outdir, { recursive: true });
  for (const [name, content] of files) {
    await Bun.write(join(workshop, name), content);
    renameSync(join(workshop, name), join(outdir, name));
  }
  rmSync(workshop, { recursive: true });
  for (const name of readdirSync(outdir)) {
    if (!files.has(name)) rmSync(join(outdir, name), { recursive: true });
  }
}

if (import.meta.main) {
  const started = performance.now();
  const outdir = join(ROOT, "dist/sdk");
  const files = await buildSdk(outdir);
  const bytes = files.reduce((sum, file) => sum + statSync(join(outdir, file)).size, 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const where = relative(process.cwd(), outdir);
  console.log(
    `built ${where} (${files.length} files, ${(bytes / 1e3).toFixed(0)} kB) in ${seconds} s`,
  );
}
