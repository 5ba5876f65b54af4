/** Headers that a plugin set, and that the upstream did not get. */
import { follow, headerNames, type Step } from "./steps.ts";

export interface LostHeader {
  readonly name: string;
  /** The steps that set it last, and that took it away. */
  readonly setBy: Step;
  readonly removedBy: Step;
}

export function lostHeaders(steps: readonly Step[]): LostHeader[] {
  const request = steps.filter(({ of }) => of === "request");
  if (request.at(-1)?.kind !== "upstream") return [];
  return headerNames(request).flatMap((name): LostHeader[] => {
    const way = follow(request, name);
    if (way.at(-1)?.values.length !== 0) return [];
    const setBy = way.findLast(({ change }) => change === "added" || change === "changed")?.step;
    const removedBy = way.findLast(({ change }) => change === "removed")?.step;
    return setBy?.kind === "plugin" && removedBy ? [{ name, setBy, removedBy }] : [];
  });
}
