/** What a plugin changed, in a few signed words: `−x-api-key +x-user ~path`. */
import type { State } from "../model.ts";
import { isNewBody } from "./bodies.ts";
import { fieldDiff, isChange } from "./field-diff.ts";

const SIGNS = { added: "+", removed: "−", changed: "~", same: "" } as const;

/** Empty where nothing is other than it was. */
export function changeWords(before: State, after: State): string[] {
  const names = (what: string, changes: ReturnType<typeof fieldDiff>): string[] =>
    changes.filter(isChange).map(({ name, kind }) => `${SIGNS[kind]}${what}${name}`);
  return [
    ...(before.path === after.path ? [] : ["~path"]),
    ...(before.status === after.status ? [] : ["~status"]),
    ...names("", fieldDiff(before.headers, after.headers)),
    ...names("?", fieldDiff(before.args ?? [], after.args ?? [], false)),
    ...names("response ", fieldDiff(before.responseHeaders ?? [], after.responseHeaders ?? [])),
    ...(isNewBody(before, after) ? ["~body"] : []),
  ];
}
