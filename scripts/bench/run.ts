/** Runs sections of the bench, one after the other, each with servers of its own. */
import type { Executables } from "./executables.ts";
import { thisMachine } from "./machine.ts";
import { Progress } from "./progress.ts";
import type { BenchResult } from "./results.ts";
import type { Found, Section } from "./section.ts";
import { bodies } from "./sections/bodies.ts";
import { cpu } from "./sections/cpu.ts";
import { growth } from "./sections/growth.ts";
import { latency } from "./sections/latency.ts";
import { memory } from "./sections/memory.ts";
import { plugins } from "./sections/plugins.ts";
import { start } from "./sections/start.ts";
import { Servers } from "./servers.ts";
import type { Tools } from "./tools.ts";

const SECTIONS = {
  cpu,
  plugins,
  latency,
  start,
  memory,
  bodies,
  growth,
} satisfies Record<string, Section>;

export type SectionName = keyof typeof SECTIONS;

export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** What has limits. The bundled plugins have none, and take as long as half of the rest. */
export const JUDGED_SECTIONS = SECTION_NAMES.filter((name) => name !== "plugins");

export interface RunOptions {
  readonly tools: Tools;
  readonly executables: Executables;
  readonly sections: readonly SectionName[];
  readonly quick: boolean;
}

export async function run({
  tools,
  executables,
  sections,
  quick,
}: RunOptions): Promise<BenchResult> {
  const progress = new Progress(sections.length);
  const found: Found[] = [];
  for (const name of sections) {
    progress.section(name);
    await using servers = new Servers();
    found.push(await SECTIONS[name]({ tools, executables, progress, servers, quick }));
  }
  progress.end();
  return {
    machine: thisMachine(),
    tools: tools.language,
    quick,
    figures: found.flatMap(({ figures = [] }) => figures),
    growth: found.flatMap(({ growth: lines = [] }) => lines),
    skipped: found.flatMap(({ skipped = [] }) => skipped),
  };
}
