/** Finds and reads the config file. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Positions, positionsIn } from "./positions.ts";
import { escapeHidden, type Problems, show } from "./problems.ts";
import { mayRepeatKeys } from "./repeated-keys.ts";
import { configFileVariable } from "./settings.ts";

/** A config file that could be parsed. */
export interface SettingsFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** `file:line:column` of a key or its value. */
  where(path: readonly (string | number)[], part: "key" | "value"): string;
  /** A number as it stands in the file, where `Bun.YAML` has made another one of it: `0880`, `1e3`. */
  written(path: readonly (string | number)[]): string | undefined;
}

/** The path of the file, and who named it; without a name it may be missing. */
export interface FoundFile {
  readonly path: string;
  readonly namedBy: string | undefined;
}

export function findFile(sources: {
  readonly configFile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly executable: string;
}): FoundFile {
  const { configFile, env, cwd, executable } = sources;
  if (configFile !== undefined) return { path: resolve(cwd, configFile), namedBy: "--config" };
  const named = env[configFileVariable];
  if (named) return { path: resolve(cwd, named), namedBy: configFileVariable };
  return { path: join(dirname(executable), "config.yaml"), namedBy: undefined };
}

/** Reads and parses the file. What is wrong with it as a whole goes to the problems, and then there is no file. */
export function readSettingsFile(
  { path, namedBy }: FoundFile,
  problems: Problems,
): SettingsFile | undefined {
  const text = readText(path, namedBy, problems);
  if (text === undefined) return undefined;

  // Only a problem asks for positions, so that a start without one does not wait for the `yaml` package.
  let known: Positions | undefined;
  const positions = () => (known ??= positionsIn(text));
  const name = escapeHidden(path);
  const report = ({ line, column }: { line: number; column: number }, problem: string) =>
    problems.add(`${name}:${line}:${column}: ${problem}`);

  const parsed = parse(text);
  if (parsed instanceof Error) {
    const { errors } = positions();
    for (const error of errors.slice(0, maxSyntaxErrors)) report(error, error.cause);
    if (errors.length === 0) problems.add(`${name}: ${parsed.message}`);
    return undefined;
  }
  if (mayRepeatKeys(text, parsed)) {
    for (const { key, firstLine, ...position } of positions().repeated) {
      report(position, `the key ${key} is given a second time, first in line ${firstLine}`);
    }
  }
  const content = parsed ?? {};
  if (typeof content !== "object" || Array.isArray(content)) {
    const several = positions().errors.find(({ code }) => code === "MULTIPLE_DOCS");
    const is = several ? "more than one document" : show(content);
    report(
      several ?? positions().find([], "value") ?? { line: 1, column: 1 },
      `the file holds ${is}; allowed: one mapping`,
    );
    return undefined;
  }
  return {
    path,
    text,
    content: content as Record<string, unknown>,
    where(keys, part) {
      const position = positions().find(keys, part);
      return position === undefined ? name : `${name}:${position.line}:${position.column}`;
    },
    written: (keys) => positions().number(keys),
  };
}

/** Most are consequences of the first. */
const maxSyntaxErrors = 5;

function readText(
  path: string,
  namedBy: string | undefined,
  problems: Problems,
): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (namedBy === undefined && (code === "ENOENT" || code === "ENOTDIR")) return undefined;
    problems.add(
      `${escapeHidden(path)}: the config file${namedBy ? ` named by ${namedBy}` : ""} cannot be read: ${reasonOf(error)}`,
    );
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TypeError") return "it is not UTF-8 text";
  // "ENOENT: no such file or directory, open '…'": the path has been named already.
  return error.message.replace(/, \w+( '.*')?$/, "");
}

function parse(text: string): unknown {
  try {
    return Bun.YAML.parse(text);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
