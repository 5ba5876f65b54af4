/** What is inside an executable beside our own code: npm packages, each with its licence. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LICENCE } from "../sdk/notices.ts";
import type { CarriedFiles } from "../../src/toolchain/carried.ts";
import type { LockFile } from "./lock-file.ts";

export interface PackageInside {
  readonly name: string;
  readonly version: string;
  /** As its manifest says: an SPDX id or expression. */
  readonly licence: string;
  readonly homepage: string | undefined;
  /** Of what npm hands out, as npm writes it. */
  readonly integrity: string;
  /** Its licence and notice files; some packages bring none. */
  readonly texts: readonly string[];
}

/**
 * All packages that code of the executable comes from, and those that it carries for plugin projects.
 *
 * @param files what the executable carries: the sources that it was made of are among them
 * @param root the checkout, with its packages installed
 */
export async function packagesInside(
  files: CarriedFiles,
  lock: LockFile,
  root: string,
): Promise<readonly PackageInside[]> {
  const names = [...new Set([...files].flatMap(([path, content]) => namesIn(path, content)))];
  return Promise.all(names.sort().map((name) => describe(name, lock, root)));
}

const CARRIED = /^(?:runner\/node_modules|modules)\/(.+)\/package\.json$/;
const SDK_NOTICES = "modules/apisix-bun-runner/dist/sdk/THIRD-PARTY-NOTICES.txt";

/** A package's manifest names it; the SDK, which is a bundle, says in its notices what it is made of. */
function namesIn(path: string, content: Uint8Array): string[] {
  if (path === SDK_NOTICES) {
    const notices = new TextDecoder().decode(content);
    return Array.from(notices.matchAll(/^={80}\n(\S+) \S+ \(/gm), ([, name = ""]) => name);
  }
  const [, name = "apisix-bun-runner"] = CARRIED.exec(path) ?? [];
  if (name.includes("/node_modules/")) {
    throw new Error(`${name} is a second version of a package, which a release cannot tell apart`);
  }
  return name === "apisix-bun-runner" ? [] : [name];
}

async function describe(name: string, lock: LockFile, root: string): Promise<PackageInside> {
  const dir = join(root, "node_modules", name);
  const { version, license, homepage } = Object(await Bun.file(join(dir, "package.json")).json());
  const locked = lock.find(name);
  if (locked.version !== version) {
    throw new Error(`${name} ${version} is installed, bun.lock has ${locked.version}: bun install`);
  }
  if (typeof license !== "string") throw new Error(`${name} ${version} does not say its licence`);
  const texts = readdirSync(dir)
    .filter((file) => LICENCE.test(file))
    .sort()
    .map((file) => readFileSync(join(dir, file), "utf8").trim());
  return {
    name,
    version,
    licence: license,
    homepage: typeof homepage === "string" ? homepage : undefined,
    integrity: locked.integrity,
    texts,
  };
}
