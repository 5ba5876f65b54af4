/** Writes the SDK and the types it needs, as the executable carries them, into a project's `node_modules`. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { unpack, writeFolder } from "./carried.ts";
import { ProjectError } from "./project.ts";
import { packageVersion, SDK_PACKAGE } from "./sdk-version.ts";

export interface SyncedPackage {
  readonly name: string;
  readonly version: string;
  /** Why what is there was left as it is; undefined: it was written. */
  readonly left?: string;
}

/** In each folder that `sync` writes: a package without it is somebody else's. */
const MARKER = ".written-by-apisix-bun-runner";

export interface SyncOptions {
  /** Leaves every package that is there, whoever wrote it: two commands may do this at once. */
  readonly missingOnly?: boolean;
}

/**
 * @param project its folder
 * @param carried the archive inside the executable
 * @returns the SDK first
 * @throws ProjectError where nothing can be written
 */
export async function sync(
  project: string,
  carried: string,
  { missingOnly = false }: SyncOptions = {},
): Promise<SyncedPackage[]> {
  const modules = join(project, "node_modules");
  const files = await unpack(carried);
  const workshop = makeWorkshop(modules);
  try {
    await writeFolder(files, "modules", workshop);
    const put = missingOnly ? placeMissing : place;
    return packagesIn(workshop).map((name) => put(name, workshop, modules));
  } catch (error) {
    throw new ProjectError(`${modules} cannot be written: ${reason(error)}`, { cause: error });
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** In `node_modules` itself, so that the packages are only to be renamed. */
function makeWorkshop(modules: string): string {
  try {
    const stat = lstatSync(modules, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() && !existsSync(modules)) {
      throw new Error("it is a link that leads nowhere");
    }
    if (stat?.isFile()) throw new Error("it is a file, not a folder");
    mkdirSync(modules, { recursive: true });
    return mkdtempSync(join(modules, ".apisix-bun-runner-"));
  } catch (error) {
    throw new ProjectError(`${modules} cannot be written: ${reason(error)}`, { cause: error });
  }
}

function packagesIn(workshop: string): string[] {
  const names = readdirSync(workshop).flatMap((name) =>
    name.startsWith("@")
      ? readdirSync(join(workshop, name)).map((part) => `${name}/${part}`)
      : name,
  );
  return names.sort((a, b) => Number(b === SDK_PACKAGE) - Number(a === SDK_PACKAGE));
}

/** Moves a package to where it belongs; what was there before goes as a whole. */
function place(name: string, workshop: string, modules: string): SyncedPackage {
  const from = join(workshop, name);
  const to = join(modules, name);
  const version = packageVersion(from) ?? "";
  const left = reasonToLeave(name, to);
  if (left !== undefined) return { name, version: packageVersion(to) ?? "", left };
  writeFileSync(join(from, MARKER), "");
  mkdirSync(dirname(to), { recursive: true });
  const before = `${from}.before`;
  if (lstatSync(to, { throwIfNoEntry: false })) renameSync(to, before);
  renameSync(from, to);
  return { name, version };
}

function placeMissing(name: string, workshop: string, modules: string): SyncedPackage {
  const to = join(modules, name);
  const isThere = (): boolean => existsSync(join(to, "package.json"));
  try {
    if (!isThere()) return place(name, workshop, modules);
  } catch (error) {
    // Another command was faster.
    if (!isThere()) throw error;
  }
  return { name, version: packageVersion(to) ?? "", left: "it is there" };
}

/** The SDK is ours whoever wrote it; its types may be the project's own, in the version that it wants. */
function reasonToLeave(name: string, dir: string): string | undefined {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isSymbolicLink()) return existsSync(dir) ? "it is a link" : undefined;
  if (name === SDK_PACKAGE) return undefined;
  return statSync(join(dir, MARKER), { throwIfNoEntry: false })
    ? undefined
    : "it is the project's own";
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
