/** Reads bun.lock: which version of a package is installed, and the hash of what was downloaded for it. */
import { join } from "node:path";

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
  /** The entry as it stands in the file. */
  readonly entry: readonly unknown[];
}

export class LockFile {
  readonly #packages: ReadonlyMap<string, LockedPackage>;

  private constructor(packages: ReadonlyMap<string, LockedPackage>) {
    this.#packages = packages;
  }

  static async read(root: string): Promise<LockFile> {
    const lock: unknown = Bun.JSONC.parse(await Bun.file(join(root, "bun.lock")).text());
    const packages: unknown = Reflect.get(Object(lock), "packages");
    const found = Object.entries(Object(packages)).flatMap(([key, entry]) => locked(key, entry));
    return new LockFile(new Map(found));
  }

  /** @throws Error for a package that is not in it */
  find(name: string): LockedPackage {
    const found = this.#packages.get(name);
    if (found === undefined) throw new Error(`bun.lock has no package ${name}: run bun install`);
    return found;
  }
}

/** `"name": ["name@version", …, "sha512-…"]`; the key is a path where there are two versions of a package. */
function locked(key: string, entry: unknown): [string, LockedPackage][] {
  if (!Array.isArray(entry)) return [];
  const [id] = entry;
  const integrity: unknown = entry.at(-1);
  if (typeof id !== "string" || typeof integrity !== "string") return [];
  const at = id.lastIndexOf("@");
  return [[key, { name: id.slice(0, at), version: id.slice(at + 1), integrity, entry }]];
}
