/** The confs of a routes file, each with its place. */
import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { loadRoutes, RouteFileError } from "../../gateway/routes.ts";
import { EXT_PLUGIN_NAMES } from "../../gateway/routes/read-plugins.ts";
import type { Phase } from "../../plugin/plugin.ts";
import type { CheckProblem } from "./problem.ts";

export interface RouteConf {
  readonly plugin: string;
  readonly phase: Phase;
  /** undefined: it holds a variable of the environment that is not set here. */
  readonly value: string | undefined;
  readonly namePlace: Place;
  readonly valuePlace: Place;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\{\{\s*(\w+)\s*(?::=(.*?))?\s*\}\}/g;

/** What keeps the gateway, and APISIX, from taking the file. */
export async function routeFileProblems(file: string, env: Environment): Promise<CheckProblem[]> {
  try {
    await loadRoutes(file, { env: withPlaceholders(file, env) });
    return [];
  } catch (error) {
    if (!(error instanceof RouteFileError)) throw error;
    return error.problems.map(({ line, place, message }) => ({
      file,
      line,
      column: 1,
      severity: "error",
      code: "routes-file",
      message: place === "" ? message : `${place}: ${message}`,
    }));
  }
}

/** Those that are enabled, wherever in the file they stand. */
export function routeConfs(file: string, env: Environment): RouteConf[] {
  const lines = new LineCounter();
  const document = parseDocument(read(file), { lineCounter: lines });
  const confs: RouteConf[] = [];
  const placeOf = (node: { readonly range?: readonly number[] | null | undefined }): Place => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    return { line, column: col };
  };
  visit(document, {
    Pair(_, { key, value }) {
      const extPlugin = EXT_PLUGIN_NAMES.find((name) => isScalar(key) && key.value === name);
      if (extPlugin === undefined || !isMap(value)) return;
      if (value.getIn(["_meta", "disable"]) === true) return;
      for (const item of entries(value)) {
        const name = item.get("name", true);
        const given = item.get("value", true);
        if (typeof name?.value !== "string" || typeof given?.value !== "string") continue;
        confs.push({
          plugin: name.value,
          phase: extPlugin === "ext-plugin-post-resp" ? "response" : "request",
          value: withVariables(given.value, env),
          namePlace: placeOf(name),
          valuePlace: placeOf(given),
        });
      }
    },
  });
  return confs;
}

function entries(extPlugin: YAMLMap): YAMLMap[] {
  const conf = extPlugin.get("conf");
  return isSeq(conf) ? conf.items.filter((item) => isMap(item)) : [];
}

function withVariables(text: string, env: Environment): string | undefined {
  let isComplete = true;
  const resolved = text.replace(VARIABLE, (_, name: string, preset: string | undefined) => {
    const value = env[name] ?? preset;
    isComplete &&= value !== undefined;
    return value ?? "";
  });
  return isComplete ? resolved : undefined;
}

/** The variables are APISIX's: that they are not set here is no mistake. */
function withPlaceholders(file: string, env: Environment): Environment {
  const unset = Array.from(read(file).matchAll(VARIABLE)).filter(
    ([, name = "", preset]) => preset === undefined && env[name] === undefined,
  );
  // A number is right for most that a file has of them: hosts, ports, weights.
  return { ...env, ...Object.fromEntries(unset.map(([, name = ""]) => [name, "1"])) };
}

/** A file that cannot be read is reported where it is loaded. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
