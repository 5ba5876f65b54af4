/** The page's files: those that the executable was built with, or, from the source, bundled when first asked for. */
import page from "./page/index.html";

export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array;
}

/** By their path: `/`, `/chunk-1a2b.js` … */
export type PageFiles = ReadonlyMap<string, PageFile>;

let files: Promise<PageFiles> | undefined;

export function pageFiles(): Promise<PageFiles> {
  return (files ??= page.files === undefined ? bundled(page.index) : built(page));
}

async function built({ files }: Bun.HTMLBundle): Promise<PageFiles> {
  const entries = (files ?? []).map(async ({ path, loader, headers }) => {
    const name = loader === "html" ? "/" : `/${path.split("/").at(-1)}`;
    return [name, { type: headers["content-type"], body: await Bun.file(path).bytes() }] as const;
  });
  return new Map(await Promise.all(entries));
}

async function bundled(index: string): Promise<PageFiles> {
  const { outputs } = await Bun.build({
    entrypoints: [index],
    minify: true,
    jsx: { development: false },
  });
  const entries = outputs.map(async (output) => {
    const name = output.path.endsWith(".html") ? "/" : `/${output.path.split("/").at(-1)}`;
    return [name, { type: output.type, body: new Uint8Array(await output.arrayBuffer()) }] as const;
  });
  return new Map(await Promise.all(entries));
}
