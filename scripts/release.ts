/** `bun run release`: executables for all platforms, with checksums, bills of materials and licences, in `dist/release/`. */
import { rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { release, type ReleasedTarget } from "./release/release.ts";
import { findTarget, hostTarget, TARGETS } from "./release/targets.ts";

const ROOT = resolve(import.meta.dir, "..");

const { values } = parseArgs({
  options: {
    host: { type: "boolean", default: false },
    out: { type: "string" },
    target: { type: "string", multiple: true, default: [] },
  },
});
const chosen = values.target.map(findTarget);
if (values.host) chosen.push(hostTarget());
// The default folder is the release's own; another one may hold something that is wanted.
const out = resolve(values.out ?? join(ROOT, "dist/release"));
if (values.out === undefined) rmSync(out, { recursive: true, force: true });

const started = performance.now();
const made = await release({
  root: ROOT,
  targets: chosen.length > 0 ? chosen : TARGETS,
  out,
  env: process.env,
  onTarget: (one) => console.log(line(one)),
});
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`released ${made.length} in ${relative(process.cwd(), out) || "."} in ${seconds} s`);
process.exit(0);

function line({ archive, archiveBytes, executableBytes, trial }: ReleasedTarget): string {
  const sizes = `${megabytes(archiveBytes)} MB (executable ${megabytes(executableBytes)} MB)`;
  return `${archive}  ${sizes}  ${trial.ran ? "ran here: version, a call" : `not run here: ${trial.why}`}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
