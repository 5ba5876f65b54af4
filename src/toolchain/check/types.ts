/** The type check of a project, with the compiler inside the executable. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { runBun } from "../bun.ts";
import type { CheckProblem } from "./problem.ts";

/** What `init` writes, for a folder without a tsconfig.json. */
const WITHOUT_TSCONFIG = ["--strict", "--types=bun-types", "--allowImportingTsExtensions"];

/** There is no TypeScript to check: plugins may be JavaScript. */
const NO_FILES = "TS18003";

/** @param folder of the project's plugins */
export async function typeProblems(project: string, folder: string): Promise<CheckProblem[]> {
  const all = await compilerProblems(project, []);
  if (!all.isPartial) return all.problems;
  // A file that cannot be read keeps the compiler from looking at the types of all others.
  const broken = new Set(all.problems.map(({ file }) => file));
  const rest = [...new Bun.Glob("*.{ts,mts}").scanSync({ cwd: folder, absolute: true })];
  const sound = rest.filter((file) => !broken.has(file));
  if (sound.length === 0 || sound.length === rest.length) return all.problems;
  const { problems } = await compilerProblems(project, sound);
  return [...all.problems, ...problems.filter(({ file }) => !broken.has(file))];
}

interface CompilerProblems {
  readonly problems: CheckProblem[];
  /** The types were not looked at, because of the problems there are. */
  readonly isPartial: boolean;
}

/** @param files none: those of the tsconfig.json */
async function compilerProblems(
  project: string,
  files: readonly string[],
): Promise<CompilerProblems> {
  const flags = hasTsconfig(project) ? [] : WITHOUT_TSCONFIG;
  // A script called "check" in package.json may well be this very command.
  const args = ["check", "--no-script", "--no-pretty", "--all", ...flags, ...files];
  const { code, stdout, stderr } = await runBun(args, project);
  const problems = parseDiagnostics(stdout, project);
  const output = `${stdout}\n${stderr}`.trim();
  const isPartial = output.includes("Stopped before type checking");
  if (code === 0 || problems.length > 0) {
    return { problems: problems.filter(({ code }) => code !== NO_FILES), isPartial };
  }
  const message = `the type check could not be run: ${output.replaceAll(/\s*\n\s*/g, " ")}`;
  const file = join(project, "tsconfig.json");
  return {
    problems: [{ file, line: 1, column: 1, severity: "error", code: "type-check", message }],
    isPartial: false,
  };
}

const DIAGNOSTIC = /^(?:(.+?)\((\d+),(\d+)\): )?(error|warning) TS(\d+): (.*)$/;

/** What the compiler says of an option has no place. Lines that are indented belong to the one before. */
function parseDiagnostics(output: string, project: string): CheckProblem[] {
  const problems: CheckProblem[] = [];
  for (const line of output.split("\n")) {
    const match = DIAGNOSTIC.exec(line);
    const last = problems.at(-1);
    if (match !== null) {
      const [, file = "tsconfig.json", row = "1", column = "1", severity, code, message = ""] =
        match;
      problems.push({
        file: resolve(project, file),
        line: Number(row),
        column: Number(column),
        severity: severity === "warning" ? "warning" : "error",
        code: `TS${code}`,
        message,
      });
    } else if (last !== undefined && /^\s+\S/.test(line)) {
      problems[problems.length - 1] = { ...last, message: `${last.message} ${line.trim()}` };
    }
  }
  return problems;
}

/** The compiler takes the nearest one. */
function hasTsconfig(project: string): boolean {
  for (let dir = resolve(project); ; dir = dirname(dir)) {
    if (existsSync(join(dir, "tsconfig.json"))) return true;
    if (dir === dirname(dir)) return false;
  }
}
