/** Runs a project's tests with the Bun inside the executable. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BE_BUN, becomeBun } from "./bun.ts";
import { ProjectError } from "./project.ts";

/** What `bun test` takes for a test file. */
const TEST_FILES = "**/*{.test,.spec,_test_,_spec_}.{ts,tsx,js,jsx,mts,mjs,cts,cjs}";

/** @throws ProjectError where there is nothing to run, and the flags do not say that this is fine */
export function refuseWithoutTests(project: string, args: readonly string[]): void {
  if (!args.includes("--pass-with-no-tests") && !hasTests(project)) {
    throw new ProjectError(
      `there is no test in ${project}: a test is a file such as plugins/NAME.test.ts; apisix-bun-runner new NAME adds a plugin with one`,
    );
  }
}

/**
 * Puts `bun test` in the place of this process, in its working directory. The tests, and what they start, do not see
 * that it is the executable of ours which runs them.
 *
 * @param args files and flags, as `bun test` takes them
 * @throws ProjectError
 */
export function becomeTestRunner(args: readonly string[]): never {
  return becomeBun(["test", "--preload", writePreload(process.cwd()), ...args]);
}

function hasTests(dir: string): boolean {
  for (const path of new Bun.Glob(TEST_FILES).scanSync({ cwd: dir })) {
    if (!path.split("/").includes("node_modules")) return true;
  }
  return false;
}

/**
 * Bun hands the environment that it began with to what `Bun.spawn` and `Worker` start, whatever becomes of
 * `process.env`. The processes of `--parallel` and `--watch` need the variable, and get it: they are not started here.
 */
const PRELOAD = `// Keeps ${BE_BUN} from what tests start. Written by apisix-bun-runner test.
delete process.env.${BE_BUN};
const withEnv = (spawn) => (first, second) =>
  Array.isArray(first)
    ? spawn(first, { env: process.env, ...second })
    : spawn({ env: process.env, ...first });
Bun.spawn = withEnv(Bun.spawn);
Bun.spawnSync = withEnv(Bun.spawnSync);
globalThis.Worker = class Worker extends globalThis.Worker {
  constructor(url, options = {}) {
    const preload = [import.meta.path, ...[options.preload ?? []].flat()];
    super(url, { env: process.env, ...options, preload });
  }
};
`;

/** In `node_modules`, where neither the coverage report nor git looks. */
function writePreload(project: string): string {
  const dir = join(project, "node_modules/.apisix-bun-runner");
  try {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, "test-preload.js");
    writeFileSync(file, PRELOAD);
    return file;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProjectError(`${dir} cannot be written: ${reason}`, { cause: error });
  }
}
