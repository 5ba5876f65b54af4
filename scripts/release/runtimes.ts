/** Fetches the Bun that goes into each executable: npm packages, held against the hashes in bun.lock. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LockFile } from "./lock-file.ts";
import type { ReleaseTarget } from "./targets.ts";

/**
 * @param dir a folder to install them into
 * @returns the Bun of each target, by the target's name
 * @throws Error where one cannot be had, or is not what bun.lock says
 */
export async function fetchRuntimes(
  targets: readonly ReleaseTarget[],
  lock: LockFile,
  dir: string,
): Promise<ReadonlyMap<string, string>> {
  const packages = targets.map(({ runtime }) => lock.find(runtime));
  for (const { name, version } of packages) {
    if (version !== Bun.version) {
      throw new Error(
        `bun.lock has ${name} ${version}, and this is Bun ${Bun.version}: release with the Bun of package.json`,
      );
    }
  }
  mkdirSync(dir, { recursive: true });
  const dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  const manifest = { name: "runtimes", dependencies };
  await Bun.write(join(dir, "package.json"), JSON.stringify(manifest));
  await Bun.write(
    join(dir, "bun.lock"),
    JSON.stringify({
      lockfileVersion: 1,
      workspaces: { "": manifest },
      packages: Object.fromEntries(packages.map(({ name, entry }) => [name, entry])),
    }),
  );
  await install(dir);
  return new Map(
    targets.map(({ name, runtime }) => {
      const file = join(dir, "node_modules", runtime, "bin/bun");
      if (!existsSync(file)) throw new Error(`the package ${runtime} brought no bin/bun`);
      return [name, file] as const;
    }),
  );
}

/** For whichever system they are, without the scripts that packages may want to run. */
async function install(dir: string): Promise<void> {
  const command = ["install", "--frozen-lockfile", "--os=*", "--cpu=*", "--ignore-scripts"];
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: dir,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`the Buns of the targets could not be had:\n${stdout}${stderr}`);
}
