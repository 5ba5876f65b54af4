/** A plugin project: the folder that authors work in. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";

/** What the author has to mend. The message may have several lines, and is all there is to say. */
export class ProjectError extends Error {
  override readonly name: string = "ProjectError";
}

/**
 * Where a project's plugins lie: in its folder `plugins`, or, where it has none, in itself.
 *
 * @throws ProjectError if there is no such folder
 */
export function pluginFolder(project: string): string {
  const dir = resolve(project);
  if (!isFolder(dir)) throw new ProjectError(`${dir} is no folder: name the folder of a project`);
  const plugins = join(dir, "plugins");
  return isFolder(plugins) ? plugins : dir;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
