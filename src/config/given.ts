/** A value, or an item of a list, as one source gives it. */
import type { Place } from "./parse.ts";
import { show } from "./problems.ts";

export interface Given {
  readonly value: unknown;
  /** The path of the setting, with the index where it is a list: `plugins.dirs[0]`. */
  readonly name: string;
  /** How a problem shows the value. */
  shown(): string;
  /** The source, and where in it the value is. */
  where(): string;
  readonly place: Place;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Texts from outside of the file, several for a list; relative paths in them start from the working directory. */
export function givenTexts(
  values: readonly string[],
  from: {
    readonly path: string;
    readonly isList: boolean;
    readonly source: string;
    readonly cwd: string;
  },
): Given[] {
  return values.map((value, index) => ({
    value,
    name: from.isList ? `${from.path}[${index}]` : from.path,
    shown: () => show(value),
    where: () => from.source,
    place: { base: from.cwd },
  }));
}

/** The parts of a list in an environment variable. */
export function splitList(value: string): string[] {
  return value.split(":").filter((part) => part !== "");
}

/** `NAME`, where the value is `$env.NAME`. */
export function variableIn(value: unknown): string | undefined {
  const isOne = typeof value === "string" && value.startsWith("$env.");
  return isOne ? /^\$env\.([A-Za-z_]\w*)$/.exec(value)?.[1] : undefined;
}

/** The variable's content; nothing that objects have from elsewhere, such as `toString`. */
export function contentOf(variable: string, env: Environment): string | undefined {
  return Object.hasOwn(env, variable) ? env[variable] : undefined;
}
