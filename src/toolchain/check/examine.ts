/** Looks at one plugin, in a process of its own: loads it, runs its samples, shows it the confs of routes. */
import { readFileSync } from "node:fs";
import { parseConf, validateConf } from "../../plugin/conf.ts";
import { locateLoadError } from "../../plugin/load-error.ts";
import { PluginLoadError } from "../../plugin/exports.ts";
import { pluginFromModule } from "../../plugin/load-module.ts";
import { createModuleScope } from "../../plugin/module-scope.ts";
import { type Phase, phasesOf, type Plugin } from "../../plugin/plugin.ts";
import { BUNDLED, type BundledPlugin } from "../../plugin/bundled.ts";
import { resolveSecrets } from "../../plugin/secrets.ts";
import { runSamples } from "../../testing/run-samples.ts";
import type { PluginExport } from "../../testing/subject.ts";
import type { CheckCode } from "./problem.ts";

export interface Subject {
  readonly name: string;
  /** undefined: it is inside the executable. */
  readonly file?: string | undefined;
  /** `conf[].value` of each route that names it. */
  readonly confs: readonly string[];
}

export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: CheckCode;
  readonly message: string;
  /** Where it is another than the plugin's own. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Which of the confs it is about. */
  readonly conf?: number;
}

/** What the process tells, in order. It may go silent at any point. */
export type Report =
  /** What it is about to do, for the case that it does not come back. */
  | { readonly is: "step"; readonly doing: string }
  | { readonly is: "finding"; readonly finding: Finding }
  | { readonly is: "done"; readonly phases: readonly Phase[]; readonly samples: number };

export async function examine(
  subject: Subject,
  bundled: readonly BundledPlugin[],
  report: (report: Report) => void,
): Promise<void> {
  const find = (finding: Finding): void => report({ is: "finding", finding });
  report({ is: "step", doing: "loading" });
  const loaded = await load(subject, bundled, find);
  if (loaded === undefined) {
    report({ is: "done", phases: [], samples: 0 });
    return;
  }
  // A rejection is known to be stray a turn later.
  await new Promise(setImmediate);
  const { plugin, exports } = loaded;
  let samples = 0;
  if (subject.file !== undefined) {
    report({ is: "step", doing: "running its samples" });
    samples = await examineSamples(exports, subject.name, subject.file, find);
  }
  for (const [conf, value] of subject.confs.entries()) {
    report({ is: "step", doing: `checking the conf ${value}` });
    const message = await confProblem(plugin, value);
    if (message !== undefined) {
      find({ severity: "error", code: "invalid-conf", conf, message });
    }
  }
  report({ is: "done", phases: phasesOf(plugin), samples });
}

interface LoadedModule {
  readonly plugin: Plugin;
  readonly exports: object;
}

async function load(
  { name, file }: Subject,
  bundled: readonly BundledPlugin[],
  find: (finding: Finding) => void,
): Promise<LoadedModule | undefined> {
  try {
    const exports = await importOf(name, file, bundled, find);
    return { exports, plugin: pluginFromModule(exports, name, file ?? BUNDLED) };
  } catch (error) {
    if (error instanceof PluginLoadError) {
      find({ severity: "error", code: "not-a-plugin", message: error.message });
    } else {
      find({ severity: "error", code: "does-not-load", ...locateLoadError(error, file ?? name) });
    }
    return undefined;
  }
}

async function importOf(
  name: string,
  file: string | undefined,
  bundled: readonly BundledPlugin[],
  find: (finding: Finding) => void,
): Promise<object> {
  if (file === undefined) return (await bundled.find((entry) => entry[0] === name)?.[1]()) ?? {};
  const scope = createModuleScope((error) => {
    const { message, ...place } = locateLoadError(error, file);
    find({
      severity: "warning",
      code: "stray-error",
      ...place,
      message: `nothing catches: ${message}`,
    });
  });
  return scope.import(file);
}

async function examineSamples(
  exports: object,
  name: string,
  file: string,
  find: (finding: Finding) => void,
): Promise<number> {
  const place = samplesPlace(file);
  const failed = (message: string): void => {
    find({ severity: "error", code: "sample-fails", ...place, message });
  };
  try {
    const results = await runSamples(exports as { default: PluginExport }, { name });
    for (const { name: sample, differences } of results) {
      if (differences.length > 0) failed(`${sample}: ${differences.join("; ")}`);
    }
    return results.length;
  } catch (error) {
    failed(error instanceof Error ? error.message : String(error));
    return 0;
  }
}

/** Samples have no place of their own: the line that they begin at. */
function samplesPlace(file: string): { line: number; column: number } {
  const lines = readFileSync(file, "utf8").split("\n");
  const index = lines.findIndex((line) => /\bsamples\b\s*[:=]/.test(line));
  return { line: index + 1 || 1, column: (lines[index]?.search(/\bsamples\b/) ?? 0) + 1 };
}

/** Secrets are not looked up: which are allowed, and what they are, is the runner's configuration. */
async function confProblem({ config }: Plugin, value: string): Promise<string | undefined> {
  const text = value.replaceAll("$file://", "$env://");
  const names = Array.from(text.matchAll(/\$env:\/\/([^"\\]+)/g), ([, name = ""]) => name);
  const environment = Object.fromEntries(names.map((name) => [name, ""]));
  try {
    await validateConf(
      config,
      resolveSecrets(parseConf(text), { env: names, files: [], environment }),
    );
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
