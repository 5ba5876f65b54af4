/** The package as its users get it: packed, and installed from the tarball into a project of theirs, with no network. */
import { join, resolve } from "node:path";
import type { TempDir } from "../support/temp-dir.ts";

export const ROOT = resolve(import.meta.dir, "../..");

/** What a plugin author writes. */
const TSCONFIG = {
  compilerOptions: {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    lib: ["ESNext"],
    types: ["bun-types"],
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    skipLibCheck: false,
  },
};

export interface Ended {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

export async function runIn(
  cwd: string,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, output: stdout + stderr };
}

/** Packs the checkout, which builds the SDK first. @returns the tarball's path */
export async function pack(into: string): Promise<string> {
  const { code, output } = await runIn(ROOT, [
    process.execPath,
    "pm",
    "pack",
    "--destination",
    into,
  ]);
  const tarball = /^.*\.tgz$/m.exec(output)?.[0];
  if (code !== 0 || tarball === undefined) throw new Error(`could not be packed: ${output}`);
  return resolve(into, tarball);
}

/** A project that has the tarball installed, and beside it nothing but the types of the runtime: its peer. */
export async function projectWith(tarball: string, dir: TempDir): Promise<void> {
  const ours = (name: string) => `file:${join(ROOT, "node_modules", name)}`;
  dir.write(
    "package.json",
    JSON.stringify({
      type: "module",
      dependencies: { "apisix-bun-runner": `file:${tarball}`, "bun-types": ours("bun-types") },
      overrides: { "@types/node": ours("@types/node"), "undici-types": ours("undici-types") },
    }),
  );
  dir.write("tsconfig.json", JSON.stringify(TSCONFIG));
  const { code, output } = await runIn(dir.path, [process.execPath, "install"], {
    // Port 9 of the loopback answers to nobody.
    BUN_CONFIG_REGISTRY: "http://127.0.0.1:9/",
    BUN_INSTALL_CACHE_DIR: dir.file(".cache"),
  });
  if (code !== 0) throw new Error(`could not be installed: ${output}`);
}
