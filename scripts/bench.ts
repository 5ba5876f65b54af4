/**
 * `bun run bench`: what a call costs, beside the least that it can cost on this machine.
 *
 *   --only A,B      some of: cpu, latency, start, memory, bodies, growth; and plugins, which is not run without being asked for
 *   --quick         few short rounds: to see that all works
 *   --check         exit code 1 where a figure is over its limit (scripts/bench/limits.ts)
 *   --against FILE  shows what changed since a saved run
 *   --out FILE      default dist/bench/result.json
 *   --plots DIR     draws how cost grows; docs/performance has the drawings of the page
 *   --tools C       or TypeScript; default: C where there is a compiler
 *   --reuse         measures the executables of the last run
 */
import { mkdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compare, readSavedRun } from "./bench/compare.ts";
import { makeExecutables } from "./bench/executables.ts";
import { exitCode, judge } from "./bench/limits.ts";
import { plot } from "./bench/plot.ts";
import { changesTable, figuresTable, growthTable, limitsTable } from "./bench/report.ts";
import type { BenchResult } from "./bench/results.ts";
import { JUDGED_SECTIONS, run, SECTION_NAMES, type SectionName } from "./bench/run.ts";
import { makeTools } from "./bench/tools.ts";

const DIR = resolve(import.meta.dir, "../dist/bench");

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: JUDGED_SECTIONS.join(",") },
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    against: { type: "string" },
    out: { type: "string", default: join(DIR, "result.json") },
    plots: { type: "string", default: join(DIR, "plots") },
    tools: { type: "string" },
    reuse: { type: "boolean", default: false },
  },
});

const sections = options.only.split(",").map(sectionNamed);
const { tools, saved } = await prepare().catch((error: Error) => usage(error.message));
const executables = await makeExecutables(DIR, options.reuse);
const result = await run({ tools, executables, sections, quick: options.quick });

await Bun.write(options.out, `${JSON.stringify(result, undefined, 2)}\n`);
await draw(result, options.plots);
const judgements = judge(result);
show("", figuresTable(result));
if (result.growth.length > 0) show("As the work grows", growthTable(result));
if (judgements.length > 0) show("Limits", limitsTable(judgements));
if (saved !== undefined) show(`Against ${options.against}`, changesTable(compare(result, saved)));
for (const reason of result.skipped) console.log(`\nskipped: ${reason}`);
const { processor, cores, bun } = result.machine;
console.log(`\n${processor}, ${cores} cores, Bun ${bun}, tools in ${result.tools}`);
console.log(`written to ${relative(process.cwd(), options.out)}`);
process.exit(options.check ? exitCode(judgements) : 0);

/** What can fail before minutes are spent on a run. */
async function prepare() {
  const made = makeTools(DIR, toolsNamed(options.tools));
  const { against } = options;
  if (against === undefined) return { tools: made };
  return { tools: made, saved: await readSavedRun(against, { tools: made.language }) };
}

async function draw({ growth }: BenchResult, dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  for (const each of growth) await Bun.write(join(dir, `${each.id}.svg`), plot(each));
}

function show(title: string, text: string): void {
  console.log(`\n${title === "" ? "" : `${title}\n\n`}${text}`);
}

function sectionNamed(name: string): SectionName {
  const section = SECTION_NAMES.find((known) => known === name);
  if (section === undefined) {
    usage(`--only ${name}: there is no such section; they are ${SECTION_NAMES.join(", ")}`);
  }
  return section;
}

function toolsNamed(name: string | undefined): "C" | "TypeScript" | undefined {
  if (name === undefined || name === "C" || name === "TypeScript") return name;
  usage(`--tools is C or TypeScript, not ${name}`);
}

function usage(problem: string): never {
  console.error(problem);
  process.exit(2);
}
