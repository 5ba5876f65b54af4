/**
 * The code blocks of the pages, and what each is to the tests. The info string of a fence says it; a
 * rendered page shows none of it:
 *
 * | fence                       | what the tests do with the block                                            |
 * | --------------------------- | --------------------------------------------------------------------------- |
 * | `ts [FILE]`                 | check its types as a module; load it if it has a plugin; run it if it has tests |
 * | `ts request`, `ts response` | the same, as the body of that hook                                          |
 * | `json`, `yaml [FILE]`       | read it as what its keys say: route, routes file, conf entry, configuration |
 * | `json conf=PLUGIN`, `yaml …`| check it as a conf of that plugin                                           |
 * | `json output`               | parse it: something that a program prints                                   |
 * | `sh`                        | check each command: there is such a one, with such options                  |
 * | `sh run`                    | run it too, in the folder of the page's files                               |
 * | `text output`               | compare it with what the `sh run` above it printed                          |
 * | `text`, `mermaid`           | nothing                                                                     |
 * | `LANGUAGE before`           | nothing: code for another runner                                            |
 *
 * Blocks with a FILE lie in one folder a page under that name, so they can import each other, and
 * `sh run` can use them. A fence that says anything else fails its test.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dir, "../..");

export interface Block {
  /** The page's path from the root of the repository. */
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** `page:line`. */
  readonly at: string;
  readonly language: string;
  /** The info string after the language. */
  readonly words: readonly string[];
  readonly text: string;
}

export const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...[...new Bun.Glob("docs/**/*.md").scanSync(ROOT)].sort(),
];

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

export const blocks: readonly Block[] = pages.flatMap((page) => blocksOf(page, readPage(page)));

/** @throws Error for a fence that is not closed */
export function blocksOf(page: string, markdown: string): Block[] {
  const found: Block[] = [];
  let open:
    { fence: string; indent: string; info: string; line: number; text: string[] } | undefined;
  for (const [i, line] of markdown.split("\n").entries()) {
    const [, indent = "", fence = "", info = ""] = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== "") open = { fence, indent, info, line: i + 1, text: [] };
    } else if (fence.startsWith(open.fence) && info === "") {
      found.push(block(page, open));
      open = undefined;
    } else {
      open.text.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the code block is not closed`);
  return found;
}

function block(
  page: string,
  { info, line, text }: { info: string; line: number; text: string[] },
): Block {
  const [language = "", ...words] = info.trim().split(/\s+/);
  return { page, line, at: `${page}:${line}`, language, words, text: text.join("\n") };
}

/** The file that a fence names. */
export function fileOf({ words }: Block): string | undefined {
  return words.find((word) => word.includes("."));
}

/** The plugin whose conf a fence says the block is. */
export function confOf({ words }: Block): string | undefined {
  return words.find((word) => word.startsWith("conf="))?.slice("conf=".length);
}

/** Languages, and the words that may follow each. */
const KNOWN: Readonly<Record<string, readonly RegExp[]>> = {
  ts: [/^[\w./-]+\.ts$/, /^request$/, /^response$/],
  json: [/^[\w./-]+\.json$/, /^conf=[\w-]+$/, /^output$/],
  yaml: [/^[\w./-]+\.yaml$/, /^conf=[\w-]+$/],
  sh: [/^run$/],
  text: [/^output$/],
  mermaid: [],
};

/** Why a block would escape the tests; undefined: it does not. */
export function problemOf({ language, words }: Block): string | undefined {
  if (words.includes("before")) {
    return words.length === 1 && language !== ""
      ? undefined
      : "before stands alone after a language";
  }
  const known = KNOWN[language];
  if (known === undefined) {
    return `the language is ${JSON.stringify(language)}; allowed are ${Object.keys(KNOWN).join(", ")}, and any other with the word before`;
  }
  if (words.length > 1) return `one word may follow ${language}, not ${words.join(" ")}`;
  const wrong = words.find((word) => !known.some((pattern) => pattern.test(word)));
  return wrong && `${wrong} has no meaning after ${language}; see test/docs/blocks.ts`;
}
