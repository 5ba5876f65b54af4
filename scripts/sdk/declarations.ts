/** The SDK's type declarations: bundled, with those of libraries inside, and nothing that its entries do not reach. */
import { join } from "node:path";
import { type OutputChunk, rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

export interface Declarations {
  /** Texts by file name. */
  readonly files: ReadonlyMap<string, string>;
  /** The modules they were made from, those of libraries included. */
  readonly sources: readonly string[];
}

/** Declared by bun-types. */
const RUNTIME_MODULE = /^(bun|node)(:|$)/;

/**
 * Members marked `@internal` are left out.
 *
 * @param root the folder with tsconfig.json and `src/`
 * @param entries for each module of the public API, by its name, the values it exports at run time
 */
export async function bundleDeclarations(
  root: string,
  entries: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Declarations> {
  const names = [...entries.keys()];
  const bundle = await rollup({
    input: Object.fromEntries(names.map((name) => [name, join(root, "src", `${name}.ts`)])),
    external: RUNTIME_MODULE,
    plugins: [
      dts({
        respectExternal: true,
        tsconfig: join(root, "tsconfig.json"),
        // `bun check` checks, faster.
        compilerOptions: { stripInternal: true, noCheck: true },
      }),
    ],
    // What matters of its warnings is tested below: whether something is left outside.
    onLog: () => {},
  });
  const { output } = await bundle.generate({ chunkFileNames: "shared.d.ts" });
  await bundle.close();

  const chunks = output.filter((file) => file.type === "chunk");
  const inside = chunks.map(({ fileName }) => fileName);
  for (const chunk of chunks) refuseOutsiders(chunk, inside);
  return {
    files: new Map(
      chunks.map(({ fileName, code, name }) => [
        fileName,
        withTypesMarked(code, entries.get(name)),
      ]),
    ),
    sources: chunks.flatMap(({ modules }) => Object.keys(modules)),
  };
}

function refuseOutsiders({ fileName, imports }: OutputChunk, inside: readonly string[]): void {
  const outsider = imports.find((id) => !inside.includes(id) && !RUNTIME_MODULE.test(id));
  if (outsider !== undefined) {
    throw new Error(`${fileName} would import ${outsider}, which is not in the package`);
  }
}

/**
 * Bundling turns `export type { SomeClass }` into an export of the class, which is not there at run time.
 *
 * @param values what is there; undefined for a file that only the others import
 */
function withTypesMarked(code: string, values: ReadonlySet<string> | undefined): string {
  if (values === undefined) return code;
  return code.replace(/^export \{ (.+) \}/gm, (_list, specifiers: string) => {
    const marked = specifiers.split(", ").map((specifier) => {
      const name = specifier.split(" as ").at(-1) ?? specifier;
      return values.has(name) ? specifier : `type ${specifier}`;
    });
    return `export { ${marked.join(", ")} }`;
  });
}
