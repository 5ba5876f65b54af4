/** The command lines of the documentation: they parse, and those marked so run. */
import { afterAll, describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { executable } from "../support/executable.ts";
import { type Block, blocks, pages, readPage } from "./blocks.ts";
import { checkCommandLines, hasCommand } from "./command-lines.ts";
import { DocsProject } from "./project.ts";
import { commandLines } from "./shell.ts";

const project = new DocsProject();
afterAll(() => project[Symbol.dispose]());

const scripts = blocks.filter(({ language }) => language === "sh");

describe("commands and options exist", () => {
  test.each(scripts.map((block) => [block.at, block] as const))("%s", async (_at, { text }) => {
    await checkCommandLines(text);
  });

  test.each(pages)("in the text of %s", async (page) => {
    const problems: string[] = [];
    for (const [i, line] of readPage(page).split("\n").entries()) {
      for (const [, code = ""] of line.matchAll(
        /`((?:[A-Z_]+=\S+ )?(?:dist\/)?apisix-bun-runner [^`]+)`/g,
      )) {
        // A form with its choices, as in `NAME [--json]`, is no command line.
        if (/[[…|]/.test(code)) continue;
        const [, command] = code.split(" ");
        if (/^\S+ \S+$/.test(code) && hasCommand(command)) continue;
        await checkCommandLines(code).catch((error: Error) =>
          problems.push(`${page}:${i + 1}: ${error.message}`),
        );
      }
    }
    expect(problems).toEqual([]);
  });
});

describe("runs", () => {
  const runnable = scripts.filter(({ words }) => words.includes("run"));
  test.each(runnable.map((block) => [block.at, block] as const))("%s", async (at, block) => {
    const { code, stdout, stderr } = await runScript(block);
    expect([code, code === 0 ? "" : `${at}: ${stderr}`]).toEqual([0, ""]);
    const shown = outputAfter(block);
    if (shown !== undefined) expect(stdout.trim()).toBe(shown.text.trim());
  });
});

test("an output stands below what printed it", () => {
  const outputs = blocks.filter(
    ({ language, words }) => language === "text" && words.includes("output"),
  );
  expect(
    outputs.filter((output) => !scripts.some((script) => outputAfter(script) === output)),
  ).toEqual([]);
});

/** The `text output` that is the next block of the page. */
function outputAfter(script: Block): Block | undefined {
  const next = blocks[blocks.indexOf(script) + 1];
  const isOutput = next?.language === "text" && next.words.includes("output");
  return isOutput && next.page === script.page && script.words.includes("run") ? next : undefined;
}

async function runScript({ page, text }: Block) {
  const child = Bun.spawn(["/bin/sh", "-e", "-c", text], {
    cwd: project.folder(page),
    env: { PATH: `${dirname(executable)}:${process.env["PATH"]}` },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

test.each([
  [`a 'b c' "d \\"e" f\\ g # h`, [["a", "b c", 'd "e', "f g"]]],
  [`X=1 a b | c && d; e &`, [["a", "b"], ["c"], ["d"], ["e"]]],
  [`a > b 2>&1 c < d`, [["a", "c"]]],
  [`a \\\n  b\nc`, [["a", "b"], ["c"]]],
])("the shell line %j has these words", (text, words) => {
  expect(commandLines(text).map((command) => command.words)).toEqual(words);
});
