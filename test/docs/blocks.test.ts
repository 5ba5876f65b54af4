/** No code block and no link of the documentation escapes the tests beside this one. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { blocks, blocksOf, pages, problemOf, readPage, ROOT } from "./blocks.ts";

test("every code block is of a kind that is tested", () => {
  const problems = blocks.map((block) => [block.at, problemOf(block)]).filter(([, why]) => why);
  expect(problems).toEqual([]);
});

test.each([
  ["- in a list\n\n  ```sh run\n  a\n    b\n  ```\n", 3, ["run"], "a\n  b"],
  ["````text\n```sh\n```\n````\n", 1, [], "```sh\n```"],
  ["~~~ts token.ts\n\n~~~\n", 1, ["token.ts"], ""],
])("the block of %j begins in line %i", (markdown, line, words, text) => {
  expect(blocksOf("page.md", markdown)).toMatchObject([{ at: `page.md:${line}`, words, text }]);
});

test("a block that is not closed is no block", () => {
  expect(() => blocksOf("page.md", "a\n```sh\nb\n")).toThrow("page.md:2");
});

describe("links lead somewhere", () => {
  test.each(pages)("%s", (page) => {
    const dead = [...linksOf(readPage(page))].filter(({ target }) => !leadsSomewhere(page, target));
    expect(dead.map(({ line, target }) => `${page}:${line}: ${target}`)).toEqual([]);
  });
});

function* linksOf(markdown: string): Iterable<{ line: number; target: string }> {
  for (const [i, line] of markdown.split("\n").entries()) {
    for (const [, target = ""] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (!/^https?:/.test(target)) yield { line: i + 1, target };
    }
  }
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#", 2);
  const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(relative(ROOT, file)).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return Array.from(readPage(page).matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}
