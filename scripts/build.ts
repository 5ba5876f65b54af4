/** Builds `dist/apisix-bun-runner`: the runner, every plugin in `plugins/`, and what it takes to build the next. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { createLogger } from "../src/log/logger.ts";
import { findPlugins } from "../src/plugin/folders.ts";
import { type CarriedFiles, pack } from "../src/toolchain/carried.ts";
import { collectCarried } from "../src/toolchain/carried-source.ts";
import { compile, type PluginFile, writeEntry } from "../src/toolchain/compile.ts";
import { buildSdk } from "./sdk.ts";

const ROOT = resolve(import.meta.dir, "..");

export interface BuildOptions {
  /** Every plugin file in it goes into the executable. */
  readonly plugins?: string;
  readonly outfile?: string;
}

/** @returns the executable's path */
export async function build({
  plugins: dir = join(ROOT, "plugins"),
  outfile = join(ROOT, "dist/apisix-bun-runner"),
}: BuildOptions = {}): Promise<string> {
  // Source maps and all else that the build leaves; the executable carries what it needs of them.
  const workshop = `${outfile}.build`;
  const { plugins, carried } = await gatherParts(dir, workshop);
  // A runner that is being replaced may be running: build elsewhere, then move over it.
  const name = basename(outfile);
  renameSync(await compile({ runner: ROOT, plugins, carried, workshop, name }), outfile);
  return outfile;
}

/** What an executable is made of, whichever platform it is for. */
export interface Parts {
  readonly plugins: readonly PluginFile[];
  /** The files that it carries, and the archive of them. */
  readonly files: CarriedFiles;
  readonly carried: string;
}

/** @param workshop is made afresh */
export async function gatherParts(dir: string, workshop: string): Promise<Parts> {
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(workshop, { recursive: true });
  const plugins = findPlugins(dir, createLogger({ level: "error", format: "text" }));
  const reach = await writeEntry(ROOT, plugins, join(workshop, "reach.ts"));
  const sdk = join(workshop, "sdk");
  await buildSdk(sdk);
  const files = await collectCarried(ROOT, reach, sdk);
  const carried = join(workshop, "carried.tar.zst");
  await Bun.write(carried, await pack(files));
  return { plugins, files, carried };
}

if (import.meta.main) {
  const started = performance.now();
  const outfile = await build();
  const megabytes = (statSync(outfile).size / 1e6).toFixed(0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`built ${relative(process.cwd(), outfile)} (${megabytes} MB) in ${seconds} s`);
}
