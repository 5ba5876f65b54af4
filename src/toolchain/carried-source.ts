/** Collects what the executable carries, from a checkout with its packages installed. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { CarriedFiles } from "./carried.ts";

/** What a plugin project needs so that its types are known with no network. */
const TYPE_PACKAGES = ["bun-types", "@types/node", "undici-types"];

const LICENCE = /^(licen[cs]e|notice)/i;

/**
 * @param root the checkout
 * @param entry the module that the executable starts with; all that it reaches is carried
 * @param sdk the folder with the built SDK
 */
export async function collectCarried(
  root: string,
  entry: string,
  sdk: string,
): Promise<CarriedFiles> {
  const files: CarriedFiles = new Map();
  const add = (path: string, file: string) => files.set(path, readFileSync(file));

  for (const path of ["package.json", "tsconfig.json"]) add(`runner/${path}`, join(root, path));
  for (const file of await sourcesOf(entry)) add(`runner/${pathInRunner(root, file)}`, file);
  const templates = join(root, "src/toolchain/templates");
  for (const path of filesIn(templates)) add(`templates/${path}`, join(templates, path));
  for (const name of TYPE_PACKAGES) {
    const dir = join(root, "node_modules", name);
    for (const path of filesIn(dir).filter(isNeededForTypes)) {
      add(`modules/${name}/${path}`, join(dir, path));
    }
  }
  for (const path of ["package.json", "README.md", "LICENSE"]) {
    add(`modules/apisix-bun-runner/${path}`, join(root, path));
  }
  for (const path of filesIn(sdk)) {
    add(`modules/apisix-bun-runner/dist/sdk/${path}`, join(sdk, path));
  }
  return files;
}

/** The files that the bundler reads for this entry; of packages, their manifests and licences too. */
async function sourcesOf(entry: string): Promise<string[]> {
  const { metafile } = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    metafile: true,
    // A package may say that its modules have no side effects. Those that nothing is used of are then left out of the
    // list, though the next build looks for them as well.
    ignoreDCEAnnotations: true,
  });
  const sources = Object.keys(metafile?.inputs ?? {})
    .map((path) => resolve(path))
    .filter((file) => file !== entry);
  const packages = new Set(sources.map(packageOf).filter((dir) => dir !== undefined));
  const manifests = [...packages].flatMap((dir) =>
    readdirSync(dir)
      .filter((name) => name === "package.json" || LICENCE.test(name))
      .map((name) => join(dir, name)),
  );
  return [...new Set([...sources, ...manifests])].sort();
}

/** `…/node_modules/@a/b/src/c.ts` is of `…/node_modules/@a/b`. */
function packageOf(file: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** Packages may be linked to from elsewhere; they are carried where they are looked for. */
function pathInRunner(root: string, file: string): string {
  const path = relative(root, file);
  return path.startsWith("..") ? file.slice(file.indexOf("/node_modules/") + 1) : path;
}

function filesIn(dir: string): string[] {
  return [...new Bun.Glob("**/*").scanSync({ cwd: dir, followSymlinks: false })].sort();
}

/** bun-types brings its documentation along, which is three quarters of it. */
function isNeededForTypes(path: string): boolean {
  return /\.d\.[mc]?ts$/.test(path) || path === "package.json" || LICENCE.test(path);
}
