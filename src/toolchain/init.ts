/** Begins a plugin project. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { unpack } from "./carried.ts";
import { ProjectError } from "./project.ts";

export interface InitResult {
  readonly dir: string;
  /** Paths in the folder. */
  readonly written: readonly string[];
  /** Files that were there, and that a project has in its own way. */
  readonly kept: readonly string[];
}

/** What a folder may have before it becomes a project, such as a repository that has just been made. */
const KEPT = ["README.md", ".gitignore", "package.json"];

/** Names that mean something where the templates themselves lie. */
const RENAMED: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  "tsconfig.project.json": "tsconfig.json",
};

/**
 * Writes all files or none; what is there stays as it is.
 *
 * @param carried the archive inside the executable
 * @throws ProjectError where a file would be lost
 */
export async function init(folder: string, carried: string): Promise<InitResult> {
  const dir = resolve(folder);
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new ProjectError(`${dir} is a file: a project is a folder`);
  }
  const files = await projectFiles(dir, carried);
  const there = [...files.keys()].filter((path) => existsSync(join(dir, path)));
  const inTheWay = there.filter((path) => !KEPT.includes(path));
  if (inTheWay.length > 0) {
    throw new ProjectError(
      `${folder} has ${inTheWay.join(", ")}, and nothing was written: move what is there, or take another folder`,
    );
  }
  const written = [...files.keys()].filter((path) => !there.includes(path));
  try {
    for (const path of written) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      await Bun.write(join(dir, path), files.get(path) ?? "");
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProjectError(`${dir} cannot be written: ${reason}`, { cause: error });
  }
  return { dir, written, kept: there };
}

async function projectFiles(
  dir: string,
  carried: string,
): Promise<Map<string, Uint8Array | string>> {
  const files = new Map<string, Uint8Array | string>();
  for (const [path, content] of await unpack(carried)) {
    if (!path.startsWith("templates/project/")) continue;
    const name = relative("templates/project", path);
    files.set(RENAMED[name] ?? name, content);
  }
  return files.set("package.json", manifest(dir));
}

/** Without dependencies: the SDK comes from the executable, whatever a registry has. */
function manifest(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const content = { name: name || "gateway-plugins", private: true, type: "module" };
  return `${JSON.stringify(content, null, 2)}\n`;
}
