/** Makes an executable of the runner and plugins. */
import { basename, join, resolve } from "node:path";
import { startChunk } from "./start-chunk.ts";
import { THREAD_MODULE } from "../watchdog/orders.ts";

/** A plugin to compile in: what it is called, and its file. */
export interface PluginFile {
  readonly name: string;
  readonly file: string;
}

export interface CompileOptions {
  /** The folder of the runner's own source: it holds `src/`. */
  readonly runner: string;
  readonly plugins: readonly PluginFile[];
  /** The file with what the executable carries. */
  readonly carried: string;
  /** A folder for what comes up on the way. */
  readonly workshop: string;
  /** The executable's file name; it is made in the workshop. */
  readonly name: string;
  /** As Bun names it, such as `bun-linux-arm64`; without it, for the machine it is made on. */
  readonly target?: Bun.Build.CompileTarget | undefined;
  /** The Bun to put inside, where it is not the running one and not to be fetched. */
  readonly runtime?: string | undefined;
}

/**
 * How many times as often as usual code has to run before the engine compiles it, until `cli/start.ts` says that it has
 * started: with it a start compiles nothing, which took a sixth of its time.
 */
const START_JIT_POLICY = 100;

/**
 * @returns the executable's path
 * @throws AggregateError of the bundler's messages, each with its place
 */
export async function compile(options: CompileOptions): Promise<string> {
  const { runner, plugins, carried, workshop, name, target, runtime } = options;
  const outfile = join(workshop, basename(name));
  const files = plugins.map(({ file }) => file);
  await Bun.build({
    entrypoints: [
      await writeEntry(runner, plugins, join(workshop, "entry.ts"), carried),
      await writeThreadEntry(runner, join(workshop, THREAD_MODULE)),
    ],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    // What is imported late stays out of the start, node: modules included: without it they are all loaded first.
    splitting: true,
    sourcemap: "linked",
    // The inspector's page is JSX; what says where each element is written is of no use in it.
    jsx: { development: false },
    plugins: [sdkOf(runner), startChunk(runner, files)],
    compile: {
      outfile,
      ...(target !== undefined && { target }),
      ...(runtime !== undefined && { executablePath: resolve(runtime) }),
      jitPolicy: START_JIT_POLICY,
      // What lies in APISIX's working directory must not change the runner.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      // Plugins from folders have packages of their own, with "main" and "exports".
      autoloadPackageJson: true,
    },
  });
  return outfile;
}

/**
 * The executable's main module: which plugins it has is the build's matter, not the source's.
 *
 * @param carried left out where the modules are only to be listed
 */
export async function writeEntry(
  runner: string,
  plugins: readonly PluginFile[],
  file: string,
  carried?: string,
): Promise<string> {
  const quoted = JSON.stringify;
  const lines = [
    `import { main } from ${quoted(join(runner, "src/cli/main.ts"))};`,
    carried === undefined
      ? `import ${quoted(threadSource(runner))}; const carried = "";`
      : `import carried from ${quoted(carried)} with { type: "file" };`,
    `const bundled = [`,
    ...plugins.map(({ name, file }) => `  [${quoted(name)}, () => import(${quoted(file)})],`),
    `];`,
    `await main({ bundled, carried }, process.argv.slice(2));`,
    ``,
  ];
  await Bun.write(file, lines.join("\n"));
  return file;
}

/** Threads have main modules of their own; it lies beside the executable's, and is found by its name. */
async function writeThreadEntry(runner: string, file: string): Promise<string> {
  await Bun.write(file, `import ${JSON.stringify(threadSource(runner))};\n`);
  return file;
}

function threadSource(runner: string): string {
  return join(runner, "src/watchdog/thread.ts");
}

/** Wherever a plugin lies, it gets the SDK of the runner that it is compiled into. */
export function sdkOf(runner: string): Bun.BunPlugin {
  return {
    name: "apisix-bun-runner",
    setup(build) {
      build.onResolve({ filter: /^apisix-bun-runner(\/testing)?$/ }, ({ path }) => {
        const entry = path === "apisix-bun-runner" ? "index" : "testing";
        return { path: join(runner, "src", `${entry}.ts`) };
      });
    },
  };
}
