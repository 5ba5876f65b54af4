/** The code of the pages as a project of its own: a folder a page, lines where they are on the page. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { TempDir } from "../support/temp-dir.ts";
import { type Block, blocks, fileOf, ROOT } from "./blocks.ts";

export interface CodeBlock extends Block {
  /** Where it was written to. */
  readonly path: string;
  /** What a plugin in it is called. */
  readonly name: string;
  readonly kind: "plugin" | "test" | "module";
}

export class DocsProject extends TempDir {
  readonly code: readonly CodeBlock[];

  constructor() {
    super();
    this.write("tsconfig.json", JSON.stringify(TSCONFIG));
    this.write("package.json", JSON.stringify({ type: "module" }));
    this.#linkPackages();
    this.code = blocks
      .filter(({ language, words }) => language === "ts" && !words.includes("before"))
      .map((block) => this.#writeCode(block));
    for (const block of blocks) this.#writeData(block);
  }

  /** The folder of a page's files. */
  folder(page: string): string {
    const folder = this.file(page.replaceAll("/", "-").replace(/\.md$/, ""));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** What a compiler or a test said of these files, as if they were the pages. */
  inPages(output: string): string {
    return this.code.reduce((text, { path, page }) => {
      return text.replaceAll(path, page).replaceAll(path.slice(this.path.length + 1), page);
    }, output);
  }

  #writeCode(block: Block): CodeBlock {
    const kind = kindOf(block);
    // `.spec` keeps the runner from taking a mere example for a plugin.
    const ending = { plugin: ".ts", test: ".test.ts", module: ".spec.ts" }[kind];
    const file = fileOf(block) ?? `line-${block.line}${ending}`;
    const path = join(this.folder(block.page), file);
    if (this.#written.has(path)) throw new Error(`${block.at}: the page has ${file} twice`);
    this.#written.add(path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "\n".repeat(block.line - 1) + moduleOf(block));
    return { ...block, path, kind, name: basename(file).replace(/\..*$/, "") };
  }

  #writeData(block: Block): void {
    const file = block.language === "ts" ? undefined : fileOf(block);
    if (file !== undefined) writeFileSync(join(this.folder(block.page), file), `${block.text}\n`);
  }

  readonly #written = new Set<string>();

  /** As if they were installed: the packages that the repository has, and the repository itself. */
  #linkPackages(): void {
    const modules = this.file("node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      if (!name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    }
    symlinkSync(ROOT, join(modules, "apisix-bun-runner"));
  }
}

const TSCONFIG = {
  extends: join(ROOT, "tsconfig.json"),
  // Every block is a module, also one that neither imports nor exports.
  compilerOptions: { moduleDetection: "force" },
  include: ["**/*.ts"],
};

function kindOf({ text }: Block): CodeBlock["kind"] {
  if (/^import .* from "bun:test";$/m.test(text)) return "test";
  return /^export default /m.test(text) ? "plugin" : "module";
}

/** The first line takes the place of the fence. */
function moduleOf({ text, words: [word] }: Block): string {
  if (word !== "request" && word !== "response") return `\n${text}\n`;
  const own = word === "request" ? "request, responseHeaders" : "response";
  return `import { BodyTooLargeError, HttpError, ProtocolLimitError, definePlugin, stop } from "apisix-bun-runner"; export const example = definePlugin({ async ${word}({ ${own}, locals, vars, route, store, signal, log }) {\n${text}\n} });\n`;
}
