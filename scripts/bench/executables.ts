/** The executables that a run measures, built afresh into folders of their own. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "../build.ts";

export interface Executables {
  /** The runner as it is shipped, with every bundled plugin, and a config.yaml beside it. */
  readonly runner: string;
  /** The runner with the plugins of the bench compiled in. */
  readonly bench: string;
  /** A compiled Bun server that answers with constant frames. */
  readonly bare: string;
}

/** Most of a real one: it is read and checked at each start. */
const CONFIG = `logging:
  level: warn
plugins:
  timeout: 10s
limits:
  confs: 100000
`;

/** @param reuse takes those that are there */
export async function makeExecutables(dir: string, reuse: boolean): Promise<Executables> {
  const executables = {
    runner: join(dir, "shipped/apisix-bun-runner"),
    bench: join(dir, "bench/apisix-bun-runner"),
    bare: join(dir, "bare/bare"),
  };
  if (reuse && Object.values(executables).every((path) => existsSync(path))) return executables;
  for (const path of Object.values(executables)) mkdirSync(dirname(path), { recursive: true });
  for (const path of [executables.runner, executables.bench]) {
    await Bun.write(join(dirname(path), "config.yaml"), CONFIG);
  }
  await build({ outfile: executables.runner });
  await build({ plugins: resolve(import.meta.dir, "plugins"), outfile: executables.bench });
  await buildBare(executables.bare);
  return executables;
}

/** The same way the runner is made. */
async function buildBare(outfile: string): Promise<void> {
  await Bun.build({
    entrypoints: [join(import.meta.dir, "bare.ts")],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    splitting: true,
    compile: {
      outfile,
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: true,
    },
  });
}
