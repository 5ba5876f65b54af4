/** Which SDK a project has. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export const SDK_PACKAGE = "apisix-bun-runner";

/** What a project needs of `node_modules`: with these, editors and the type check know all names. */
const NEEDED = [SDK_PACKAGE, "bun-types"];

export type SdkState =
  | { readonly is: "missing" }
  | { readonly is: "same" | "older" | "newer"; readonly version: string };

/** @param version of the executable */
export function sdkState(project: string, version: string): SdkState {
  const found = NEEDED.map((name) => findPackage(project, name));
  const [sdk] = found;
  if (sdk === undefined || found.includes(undefined)) return { is: "missing" };
  const there = packageVersion(sdk) ?? "0.0.0";
  const order = Bun.semver.order(there, version);
  return { is: order === 0 ? "same" : order < 0 ? "older" : "newer", version: there };
}

/** @returns undefined where there is no package with a version */
export function packageVersion(dir: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    if (typeof manifest !== "object" || manifest === null || !("version" in manifest)) return;
    return typeof manifest.version === "string" ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}

/** Where imports find it: in the project's `node_modules` or that of a folder above. */
function findPackage(project: string, name: string): string | undefined {
  let dir = resolve(project);
  for (;;) {
    const found = join(dir, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    const above = dirname(dir);
    if (above === dir) return undefined;
    dir = above;
  }
}
