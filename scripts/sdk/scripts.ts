/** The SDK's JavaScript, with the libraries inside. */
import { basename, join, relative, resolve } from "node:path";

export interface Scripts {
  /** Texts by file name. */
  readonly files: ReadonlyMap<string, string>;
  /** What each module of the public API exports at run time, by the module's name. */
  readonly exports: ReadonlyMap<string, ReadonlySet<string>>;
  /** The modules they were made from, those of libraries included. */
  readonly sources: readonly string[];
}

/**
 * Neither minified nor mapped: stack traces lead to code that is there and reads well, at a third of the size.
 *
 * @param root the folder with `src/`
 * @param entries the modules of the public API, `src/<name>.ts`
 */
export async function bundleScripts(root: string, entries: readonly string[]): Promise<Scripts> {
  const { success, logs, outputs, metafile } = await Bun.build({
    entrypoints: entries.map((name) => join(root, "src", `${name}.ts`)),
    target: "bun",
    format: "esm",
    // The kit and what it tests share their classes.
    splitting: true,
    metafile: true,
  });
  if (!success) throw new AggregateError(logs, "the SDK could not be bundled");
  if (metafile === undefined) throw new Error("the bundler did not tell what the SDK is made of");
  const renamings = [
    ...Object.keys(metafile.inputs).map(fromRoot(root)),
    ...Object.entries(metafile.outputs).map(stableName(root)),
  ];
  const renamed = (text: string) =>
    renamings.reduce((before, [from, to]) => before.replaceAll(from, to), text);

  const files = new Map<string, string>();
  const exports = new Map<string, ReadonlySet<string>>();
  for (const output of outputs) {
    files.set(renamed(basename(output.path)), renamed(await output.text()));
    if (output.kind === "entry-point") {
      const name = basename(output.path, ".js");
      exports.set(name, new Set(metafile.outputs[`./${name}.js`]?.exports));
    }
  }
  return { files, exports, sources: Object.keys(metafile.inputs).map((path) => resolve(path)) };
}

/** From a text to what stands for it, wherever the build was started. */
type Renaming = readonly [from: string, to: string];

/** The bundler notes above each module where it is from, as seen from the working directory. */
function fromRoot(root: string): (input: string) => Renaming {
  return (input) => [`\n// ${input}\n`, `\n// ${relative(root, resolve(input))}\n`];
}

/** Its names for chunks follow from those paths. */
function stableName(
  root: string,
): (output: [string, Bun.BuildMetafile["outputs"][string]]) => Renaming {
  return ([path, { inputs }]) => {
    const name = basename(path);
    if (!name.startsWith("chunk-")) return [name, name];
    const modules = Object.keys(inputs).map((input) => relative(root, resolve(input)));
    return [name, `chunk-${Bun.hash(modules.join("\n")).toString(36)}.js`];
  };
}
