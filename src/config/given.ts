/** A value, or an item of a list, as one source gives it. */
import type { Place } from "./parse.ts";
import { show } from "./problems.ts";

export interface Given {
  readonly value: unknown;
  /** How a problem shows the value. */
  readonly shown: string;
  /** The source, and where in it the value is. */
  where(): string;
  readonly place: Place;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A text from outside of the file; relative paths in it start from the working directory. */
export function givenText(value: string, source: string, cwd: string): Given {
  return { value, shown: show(value), where: () => source, place: { base: cwd } };
}

/** The parts of a list in an environment variable. */
export function splitList(value: string): string[] {
  return value.split(":").filter((part) => part !== "");
}

/** `NAME`, where the value is `$env.NAME`. */
export function variableIn(value: unknown): string | undefined {
  return typeof value === "string" ? /^\$env\.([A-Za-z_]\w*)$/.exec(value)?.[1] : undefined;
}
