/** `build`: the next executable, with a project's plugins inside. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Logger } from "../log/logger.ts";
import { findPlugins } from "../plugin/folders.ts";
import { canonicalName } from "../plugin/exports.ts";
import { bundleForNextBuild } from "./bundle-plugins.ts";
import { type CarriedFiles, pack, unpack, writeFolder } from "./carried.ts";
import { BuildError, describeBuildErrors } from "./build-error.ts";
import { compile, type PluginFile } from "./compile.ts";
import { refuseToReplace, requireExecutable } from "./output-file.ts";
import { pluginFolder, ProjectError } from "./project.ts";
import { checkTarget } from "./target.ts";
import { problemsOf } from "./try-executable.ts";

export { ProjectError };

export interface BuildOptions {
  /** The project's folder, or a folder of plugins. */
  readonly project: string;
  readonly outfile: string;
  /** The archive inside the running executable. */
  readonly carried: string;
  /** Without them, the new executable has the project's plugins alone. */
  readonly bundled: boolean;
  readonly target?: string | undefined;
  readonly runtime?: string | undefined;
  readonly log: Logger;
}

export interface BuildResult {
  readonly outfile: string;
  /** Names of the project's plugins, and of those that came along. */
  readonly own: readonly string[];
  readonly bundled: readonly string[];
  /** Whether the new executable was run here to see that its plugins load. */
  readonly tried: boolean;
}

/**
 * Makes the executable beside its final place and moves it there when it is known to work, so that a
 * failed build leaves what was there.
 *
 * @throws BuildError
 * @throws ProjectError
 */
export async function buildProject(options: BuildOptions): Promise<BuildResult> {
  const { project, log } = options;
  const outfile = resolve(options.outfile);
  const target = checkTarget(options.target);
  refuseToReplace(outfile);
  if (options.runtime !== undefined) requireExecutable(options.runtime);
  const folder = pluginFolder(project);
  const own = findPlugins(folder, log);
  if (own.length === 0) {
    throw new BuildError(`there is no plugin in ${folder}: a plugin is a .ts or .js file in it`);
  }

  mkdirSync(dirname(outfile), { recursive: true });
  const workshop = mkdtempSync(join(dirname(outfile), `.${basename(outfile)}.build-`));
  try {
    const files = await unpack(options.carried);
    if (!options.bundled) leaveOutPlugins(files);
    const runner = join(workshop, "runner");
    await writeFolder(files, "runner", runner);
    const bundled = existsSync(join(runner, "plugins"))
      ? findPlugins(join(runner, "plugins"), log)
      : [];
    refuseSameNames(own, bundled);

    const carried = join(workshop, "carried.tar.zst");
    await Bun.write(carried, await pack(await withPlugins(files, own, folder)));
    const fresh = await reportingErrors(
      compile({
        runner,
        plugins: [...bundled, ...own],
        carried,
        workshop,
        name: basename(outfile),
        target,
        runtime: options.runtime,
      }),
      target,
    );
    const tried = target === undefined;
    if (tried) refuseWhatDoesNotLoad(fresh);
    chmodSync(fresh, 0o755);
    renameSync(fresh, outfile);
    return { outfile, own: names(own), bundled: names(bundled), tried };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function names(plugins: readonly PluginFile[]): string[] {
  return plugins.map(({ name }) => name);
}

function leaveOutPlugins(files: CarriedFiles): void {
  for (const path of files.keys()) if (path.startsWith("runner/plugins/")) files.delete(path);
}

async function withPlugins(
  files: CarriedFiles,
  own: readonly PluginFile[],
  folder: string,
): Promise<CarriedFiles> {
  const bundles = await reportingErrors(bundleForNextBuild(own, folder));
  return new Map([...files, ...bundles]);
}

/** As when the runner starts: neither may win by chance. */
function refuseSameNames(own: readonly PluginFile[], bundled: readonly PluginFile[]): void {
  const taken = new Map(bundled.map(({ name }) => [canonicalName(name), "a bundled plugin"]));
  for (const { name, file } of own) {
    const key = canonicalName(name);
    const other = taken.get(key);
    if (other !== undefined) {
      const orLeaveOut = other === "a bundled plugin" ? ", or build with --no-bundled" : "";
      throw new BuildError(
        `the plugin name ${name} is used twice, by ${other} and ${file}: rename one${orLeaveOut}`,
      );
    }
    taken.set(key, file);
  }
}

function refuseWhatDoesNotLoad(executable: string): void {
  const problems = problemsOf(executable);
  if (problems.length > 0) throw new BuildError(problems.join("\n"));
}

async function reportingErrors<T>(work: Promise<T>, target?: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new BuildError(describeBuildErrors(error, target));
  }
}
