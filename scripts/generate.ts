/** Turns `src/protocol/ext-plugin.fbs` into `src/protocol/generated/` with flatc. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROTOCOL = resolve(import.meta.dir, "../src/protocol");

/** The flatc that made what is committed; others lay their code out differently. */
export const FLATC_VERSION = "2.0.8";

/** The version of the flatc on this machine; undefined without one. */
export function installedFlatc(): string | undefined {
  const flatc = Bun.which("flatc");
  if (flatc === null) return undefined;
  return /(\d+\.\d+\.\d+)/.exec(Bun.spawnSync([flatc, "--version"]).stdout.toString())?.[1];
}

/** Where the committed code stands. */
export const GENERATED = join(PROTOCOL, "generated");

/** Runs flatc into a new folder and returns its path. */
export function generate(): string {
  const dir = mkdtempSync(join(tmpdir(), "abr-flatc-"));
  const schema = join(PROTOCOL, "ext-plugin.fbs");
  const { exitCode, stdout, stderr } = Bun.spawnSync(["flatc", "--ts", "-o", dir, schema]);
  if (exitCode !== 0) throw new Error(`flatc failed: ${stdout}${stderr}`);
  // It only re-exports the rest, and flatc 2.0.8 gives names there that collide.
  rmSync(join(dir, "ext-plugin_generated.ts"), { force: true });
  return dir;
}

/** The files of a folder, by their path in it, with what they hold. */
export function contentsOf(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((file) => join(file.parentPath, file.name)).sort();
  return Object.fromEntries(
    paths.map((path) => [path.slice(dir.length + 1), readFileSync(path, "utf8")]),
  );
}

if (import.meta.main) {
  const version = installedFlatc();
  if (version !== FLATC_VERSION) {
    console.error(
      `flatc ${FLATC_VERSION} is needed (Debian 12: apt-get install flatbuffers-compiler), there is ${version ?? "none"}`,
    );
    process.exit(1);
  }
  rmSync(GENERATED, { recursive: true, force: true });
  cpSync(generate(), GENERATED, { recursive: true });
  console.log(`generated ${GENERATED} with flatc ${version}`);
}
