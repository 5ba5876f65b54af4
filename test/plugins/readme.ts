/** The page of a bundled plugin: the route that it shows, and the JSON Schema of its conf. */
import { join } from "node:path";
import { blocksOf } from "../docs/blocks.ts";
import { run } from "../support/run.ts";

const ROOT = join(import.meta.dir, "../..");

interface ConfEntry {
  readonly name: string;
  readonly value: string;
}

interface ShownRoute {
  readonly plugins: Readonly<Record<string, { readonly conf?: readonly ConfEntry[] }>>;
}

interface Page {
  /** The confs of this plugin on the routes that the page shows. */
  readonly confs: readonly string[];
  /** Undefined where the page shows none. */
  readonly schema: unknown;
}

export async function readmeOf(plugin: string): Promise<Page> {
  const page = `plugins/${plugin}/README.md`;
  const shown = blocksOf(page, await Bun.file(join(ROOT, page)).text())
    .filter(({ language }) => language === "json")
    .map(({ text }): Partial<ShownRoute> => JSON.parse(text));
  const confs = shown
    .flatMap(({ plugins = {} }) => Object.values(plugins))
    .flatMap(({ conf = [] }) => conf)
    .filter(({ name }) => name === plugin)
    .map(({ value }) => value);
  return { confs, schema: shown.find((block) => "additionalProperties" in block) };
}

/** What the executable gives as the JSON Schema of a plugin's conf. */
export async function listedSchemaOf(plugin: string): Promise<unknown> {
  const { stdout } = await run(["plugins", "--json"]);
  const listed: readonly { readonly name: string; readonly configSchema?: unknown }[] =
    JSON.parse(stdout);
  return listed.find(({ name }) => name === plugin)?.configSchema;
}
