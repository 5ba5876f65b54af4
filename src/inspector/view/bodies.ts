/** Bodies for people: without their content-encoding, JSON set out in lines. */
import type { BodyView, InspectedPhase, PluginRun, State } from "../model.ts";
import { jsonIn } from "./json-diff.ts";

/** What to show of it. */
export function readable(body: BodyView): BodyView {
  return body.decoded ?? body;
}

/** Its text, in lines where it is JSON; `undefined` for bytes that are no text. */
export function readableText(body: BodyView): string | undefined {
  const { text } = readable(body);
  if (text === undefined) return undefined;
  const json = jsonIn(text);
  return json === undefined ? text : JSON.stringify(json, null, 2);
}

/** What a plugin found: what one before it has set, else what came. */
export function bodyBefore({ before }: PluginRun, phase: InspectedPhase): BodyView | undefined {
  return before.body ?? phase.body;
}

export function isNewBody(before: State, { body }: State): boolean {
  return body !== undefined && JSON.stringify(body) !== JSON.stringify(before.body);
}
