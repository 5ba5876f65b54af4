/** `check`: all that can be known of a project without serving it. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "../log/logger.ts";
import { findPlugins } from "../plugin/folders.ts";
import type { Finding } from "./check/examine.ts";
import { examineAll, type Examined, type ExaminerOptions } from "./check/examiner.ts";
import { isSameName, nameProblems } from "./check/names.ts";
import { type CheckProblem, inOrder } from "./check/problem.ts";
import { routeProblems } from "./check/route-problems.ts";
import { type RouteConf, routeConfs, routeFileProblems } from "./check/routes.ts";
import { typeProblems } from "./check/types.ts";
import { pluginFolder, ProjectError } from "./project.ts";

export interface CheckOptions extends ExaminerOptions {
  readonly project: string;
  /** Names of the plugins in the executable. */
  readonly bundled: readonly string[];
  /** The routes file; by default the project's apisix.yaml, if it has one. */
  readonly routes?: string | undefined;
  readonly log: Logger;
}

export interface CheckResult {
  readonly problems: readonly CheckProblem[];
  /** Names of the project's plugins. */
  readonly plugins: readonly string[];
  /** How many samples were run. */
  readonly samples: number;
  /** How many confs the routes have. */
  readonly confs: number;
}

/**
 * Finds everything in one run: no problem hides another.
 *
 * @throws ProjectError where there is nothing to check
 */
export async function check(options: CheckOptions): Promise<CheckResult> {
  const { bundled } = options;
  const project = resolve(options.project);
  const folder = pluginFolder(project);
  const own = findPlugins(folder, options.log);
  if (own.length === 0) {
    throw new ProjectError(`there is no plugin in ${folder}: apisix-bun-runner new NAME adds one`);
  }
  const routes = routesFile(project, options.routes);
  const confs = routes === undefined ? [] : routeConfs(routes, process.env);
  const subjects = [...own, ...bundledOf(confs, bundled, own)].map((plugin) =>
    subjectOf(plugin, confs),
  );
  const [types, inRoutes, examined] = await Promise.all([
    typeProblems(project, folder),
    routes === undefined ? [] : routeFileProblems(routes, process.env),
    examineAll(subjects.map(messageOf), options),
  ]);
  const problems = [
    ...types,
    ...inRoutes,
    ...nameProblems(own, bundled),
    ...subjects.flatMap((subject, i) => problemsOf(subject, examined[i], routes)),
  ];
  const names = own.map(({ name }) => name);
  if (routes !== undefined) {
    const known = subjects.map(({ name }, i) => ({ name, phases: examined[i]?.phases ?? [] }));
    problems.push(...routeProblems(routes, confs, known, [...names, ...bundled]));
  }
  const samples = examined.reduce((sum, { samples }) => sum + samples, 0);
  return { problems: inOrder(problems), plugins: names, samples, confs: confs.length };
}

function routesFile(project: string, given: string | undefined): string | undefined {
  if (given !== undefined) return resolve(given);
  const file = join(project, "apisix.yaml");
  return existsSync(file) ? file : undefined;
}

interface Subject {
  readonly name: string;
  /** undefined: it is inside the executable. */
  readonly file?: string;
  /** Those of its confs that can be checked. */
  readonly confs: readonly (RouteConf & { readonly value: string })[];
}

function subjectOf(
  plugin: { readonly name: string; readonly file?: string },
  confs: readonly RouteConf[],
): Subject {
  const own = confs.filter((conf) => isSameName(conf.plugin, plugin.name));
  return {
    ...plugin,
    confs: own.flatMap((conf) => (conf.value === undefined ? [] : { ...conf, value: conf.value })),
  };
}

/** Plugins of the executable that routes name; a name of the project's own is a problem of its own. */
function bundledOf(
  confs: readonly RouteConf[],
  bundled: readonly string[],
  own: readonly { readonly name: string }[],
): { name: string }[] {
  return bundled
    .filter((name) => confs.some(({ plugin }) => isSameName(plugin, name)))
    .filter((name) => !own.some((plugin) => isSameName(plugin.name, name)))
    .map((name) => ({ name }));
}

function messageOf({ name, file, confs }: Subject) {
  return { name, file, confs: confs.map(({ value }) => value) };
}

function problemsOf(
  subject: Subject,
  examined: Examined | undefined,
  routes: string | undefined,
): CheckProblem[] {
  return (examined?.findings ?? []).map((finding) => ({
    ...placeOf(finding, subject, routes ?? subject.name),
    severity: finding.severity,
    code: finding.code,
    message: `plugin ${subject.name}: ${finding.message}`,
  }));
}

function placeOf(
  { conf, file, line = 1, column = 1 }: Finding,
  subject: Subject,
  routes: string,
): Pick<CheckProblem, "file" | "line" | "column"> {
  const given = conf === undefined ? undefined : subject.confs[conf];
  if (given !== undefined) return { file: routes, ...given.valuePlace };
  return { file: file ?? subject.file ?? routes, line, column };
}
