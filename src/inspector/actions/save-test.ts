/** Makes a test of what was seen, and puts it beside the plugin. */
import { writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { Inspected } from "../model.ts";
import { ActionError } from "./action-error.ts";
import { chainCall, pluginCall, type TestedCall } from "./tested-call.ts";
import { testCode } from "./test-code.ts";

export interface TestChoice {
  /** Which of the request's calls to the runner. */
  readonly phase: number;
  /** One plugin of it; absent: the whole chain. */
  readonly plugin?: number | undefined;
}

export interface MadeTest {
  /** Where it belongs: beside the (first) plugin. */
  readonly file: string;
  readonly code: string;
}

/** @throws ActionError */
export function makeTest(inspected: Inspected, { phase: at, plugin }: TestChoice): MadeTest {
  const phase = inspected.phases[at];
  if (phase === undefined) throw new ActionError("the request has no such call to the runner");
  const call = plugin === undefined ? chainCall(phase) : pluginCall(phase, plugin);
  const [first] = call.plugins;
  if (first === undefined) throw new ActionError("no plugin ran in this call");
  const folder = folderOf(first.source);
  return {
    file: join(folder, `${fileName(call)}.seen-${inspected.id}.test.ts`),
    code: testCode(call, {
      name: `${inspected.method} ${inspected.target}`,
      route: inspected.route ?? "test",
      importPath: (source) => importPath(folder, source),
    }),
  };
}

/**
 * Writes it where nothing is yet.
 *
 * @returns the file's path
 * @throws ActionError
 */
export function saveTest({ file, code }: MadeTest): string {
  for (let count = 1; count < 1000; count++) {
    const path = count === 1 ? file : file.replace(/\.test\.ts$/, `-${count}.test.ts`);
    try {
      writeFileSync(path, code, { flag: "wx" });
      return path;
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") continue;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ActionError(`the test cannot be written to ${path}: ${reason}`, { cause });
    }
  }
  throw new ActionError(`there are a thousand tests of this name already: ${file}`);
}

/** A plugin may be a folder with an index file: its test lies beside that folder. */
function folderOf(source: string): string {
  const folder = dirname(source);
  return /^index\.\w+$/.test(basename(source)) ? dirname(folder) : folder;
}

function importPath(folder: string, source: string): string {
  const path = relative(folder, source);
  return path.startsWith(".") ? path : `./${path}`;
}

/** Of the names of plugins, which are names of files already. */
function fileName({ plugins }: TestedCall): string {
  return plugins
    .map(({ name }) => name.replaceAll(/[^\w-]/g, "-"))
    .join("+")
    .slice(0, 100);
}
