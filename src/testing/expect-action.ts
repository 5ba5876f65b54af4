/** Narrows a result to one action, or says what happened instead. */
import type { Action, RequestResult, ResponseResult } from "./results.ts";

/**
 * Throws unless the plugin did this; after it TypeScript knows what the result has.
 *
 * @example
 * ```ts
 * const result = await plugin.request("/get?a=1");
 * expectAction(result, "stop");
 * expect(result.response.status).toBe(401);
 * ```
 * @throws Error that tells what the plugin did instead, with what it logged
 */
export function expectAction<Result extends RequestResult | ResponseResult, A extends Action>(
  result: Result,
  action: A,
): asserts result is Extract<Result, { readonly action: A }> {
  if (result.action === action) return;
  const log = result.log.map(({ text }) => `\n  ${text}`).join("");
  const error = new Error(
    `expected the action ${action}, got ${summary(result)}${log && `\nlogged meanwhile:${log}`}`,
  );
  // The place to look at is the line of the test.
  Error.captureStackTrace(error, expectAction);
  throw error;
}

/** One line: what became of a call. */
export function summary(result: RequestResult | ResponseResult): string {
  switch (result.action) {
    case "continue":
      return "continue: nothing was changed";
    case "rewrite":
      return `rewrite: ${result.changes.join("; ") || "with what there was"}`;
    case "stop":
      return `stop: status ${result.response.status}, ${shownBody(result.response.text())}`;
    case "error":
      return `error: ${result.message}`;
  }
}

const SHOWN_CHARACTERS = 200;

function shownBody(text: string): string {
  if (text === "") return "no body";
  const isLong = text.length > SHOWN_CHARACTERS;
  return `body ${JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)}`;
}
