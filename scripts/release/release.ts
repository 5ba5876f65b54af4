/** Makes a release: for each target an executable with all that belongs to it, and checksums over everything. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { completionScript } from "../../src/cli/completions/script.ts";
import { manualPage } from "../../src/cli/man/page.ts";
import { createProgram } from "../../src/cli/program.ts";
import { compile } from "../../src/toolchain/compile.ts";
import { gatherParts, type Parts } from "../build.ts";
import { type ArchivedFile, writeArchive } from "./archive.ts";
import { bunParts } from "./bun-parts.ts";
import { sha256, writeChecksums } from "./checksums.ts";
import { packagesInside } from "./contents.ts";
import { emulatorFor } from "./emulator.ts";
import { thirdPartyLicences } from "./licences.ts";
import { LockFile } from "./lock-file.ts";
import { fetchRuntimes } from "./runtimes.ts";
import { billOfMaterials } from "./sbom.ts";
import { sourceTime } from "./source-time.ts";
import type { ReleaseTarget } from "./targets.ts";
import { type Trial, tryHere } from "./try-here.ts";

export interface ReleaseOptions {
  /** The checkout, with its packages installed. */
  readonly root: string;
  readonly targets: readonly ReleaseTarget[];
  /** The release's folder; it must be empty, or not be there. */
  readonly out: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told each target when it is done. */
  onTarget?(made: ReleasedTarget): void;
}

export interface ReleasedTarget {
  readonly target: ReleaseTarget;
  /** File name of the archive. */
  readonly archive: string;
  readonly archiveBytes: number;
  readonly executableBytes: number;
  readonly trial: Trial;
}

const NAME = packageJson.name;
const VERSION = packageJson.version;

/** @throws Error where a target cannot be made, or does not do here what it should */
export async function release(options: ReleaseOptions): Promise<readonly ReleasedTarget[]> {
  const { root, out } = options;
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new Error(`${out} is not empty: a release takes a folder of its own`);
  }
  mkdirSync(out, { recursive: true });
  // Always the same: the path from the checkout to it becomes part of the executable.
  const workshop = join(root, "dist/release.build");
  try {
    return await makeAll(options, workshop);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

async function makeAll(
  { root, targets, out, env, onTarget }: ReleaseOptions,
  workshop: string,
): Promise<readonly ReleasedTarget[]> {
  const materials: Materials = {
    root,
    workshop,
    parts: await gatherParts(join(root, "plugins"), workshop),
    lock: await LockFile.read(root),
    time: await sourceTime(root, env),
  };
  const runtimes = await fetchRuntimes(targets, materials.lock, join(workshop, "runtimes"));
  const made: ReleasedTarget[] = [];
  for (const target of targets) {
    const one = await makeTarget(target, runtimes.get(target.name), materials, out);
    made.push(one);
    onTarget?.(one);
  }
  copyFileSync(join(root, "scripts/install.sh"), join(out, "install.sh"));
  await writeChecksums(out);
  return made;
}

interface Materials {
  readonly root: string;
  readonly workshop: string;
  readonly parts: Parts;
  readonly lock: LockFile;
  readonly time: Date;
}

async function makeTarget(
  target: ReleaseTarget,
  runtime: string | undefined,
  { root, workshop, parts, lock, time }: Materials,
  out: string,
): Promise<ReleasedTarget> {
  const { plugins, carried, files } = parts;
  const compiled = await compile({
    runner: root,
    plugins,
    carried,
    workshop,
    name: NAME,
    target: target.bun,
    runtime,
  });
  const folder = `${NAME}-${VERSION}-${target.name}`;
  const executable = join(workshop, folder);
  renameSync(compiled, executable);
  const packages = await packagesInside(files, lock, root);
  const bun = await bunParts(root, target.os);
  const sbom = billOfMaterials({
    name: NAME,
    version: VERSION,
    licence: packageJson.license,
    description: packageJson.description,
    target: target.name,
    sha256: await sha256(executable),
    packages,
    runtime: lock.find(target.runtime),
    bunParts: bun.parts,
    time,
  });
  await Bun.write(join(out, `${folder}.cdx.json`), sbom);
  const archive = join(out, `${folder}.tar.gz`);
  await writeArchive(
    archive,
    folder,
    [
      { path: NAME, content: Bun.file(executable), isExecutable: true },
      { path: `${NAME}.cdx.json`, content: sbom },
      { path: "LICENSE", content: Bun.file(join(root, "LICENSE")) },
      { path: "THIRD-PARTY-LICENSES", content: thirdPartyLicences(packages, bun) },
      ...documents(plugins.map((plugin) => plugin.name)),
    ],
    join(workshop, "archives"),
    time,
  );
  return {
    target,
    archive: `${folder}.tar.gz`,
    archiveBytes: statSync(archive).size,
    executableBytes: statSync(executable).size,
    trial: await tryHere(executable, VERSION, emulatorFor(target)),
  };
}

/** What the executable prints of itself, for those who install it into a system. */
function documents(plugins: readonly string[]): ArchivedFile[] {
  const program = createProgram({ bundled: [], carried: "" });
  return [
    { path: `man/${NAME}.1`, content: manualPage(program, VERSION) },
    { path: `completions/${NAME}.bash`, content: completionScript("bash", program, plugins) },
    { path: `completions/_${NAME}`, content: completionScript("zsh", program, plugins) },
    { path: `completions/${NAME}.fish`, content: completionScript("fish", program, plugins) },
  ];
}
