/** What a test expects of a call: the lines that check each part of what was seen. */
import type { Answer, BodyView, Field, State } from "../model.ts";
import { ActionError } from "./action-error.ts";
import { literal } from "./literal.ts";
import { changedFields, type TestedCall } from "./tested-call.ts";

export interface Expectations {
  readonly action: "continue" | "rewrite" | "stop" | "error";
  readonly lines: readonly string[];
}

export function expectationsOf({ outcome, sent }: TestedCall): Expectations {
  switch (outcome.kind) {
    case "error":
      return {
        action: "error",
        lines: [`expect(result.message).toBe(${literal(outcome.message)});`],
      };
    case "stop":
      return { action: "stop", lines: ofAnswer(outcome.answer) };
    case "goes on": {
      const { before, after, isRewrite } = outcome;
      const lines = sent.kind === "request" ? ofRequest(before, after) : ofResponse(before, after);
      return { action: isRewrite || lines.length > 0 ? "rewrite" : "continue", lines };
    }
  }
}

function ofAnswer({ status, headers, body }: Answer): string[] {
  return [
    `expect(result.response.status).toBe(${status});`,
    ...ofHeaders("result.response.headers", changedFields([], headers)),
    ...(body ? ofBody("result.response", body) : []),
  ];
}

function ofRequest(before: State, after: State): string[] {
  const path = after.path ?? "";
  return [
    ...(path === before.path ? [] : [`expect(result.request.path).toBe(${literal(path)});`]),
    ...changedFields(before.args ?? [], after.args ?? [], (name) => name).map(
      ([name, values]) =>
        `expect(result.request.args.getAll(${literal(name)})).toEqual(${literal(values.map((value) => value ?? ""))});`,
    ),
    ...ofHeaders("result.request.headers", changedFields(before.headers, after.headers)),
    ...newBody("result.request", before, after),
    ...ofHeaders(
      "result.responseHeaders",
      changedFields(before.responseHeaders ?? [], after.responseHeaders ?? []),
    ),
  ];
}

/** The gateway frames messages anew, whatever plugins say. */
const FRAMING = ["content-length", "transfer-encoding", "connection"];

function ofResponse(before: State, after: State): string[] {
  const changed = changedFields(before.headers, after.headers);
  const { status = 200 } = after;
  return [
    ...(status === before.status ? [] : [`expect(result.response.status).toBe(${status});`]),
    ...ofHeaders(
      "result.response.headers",
      changed.filter(([name]) => !FRAMING.includes(name)),
    ),
    ...newBody("result.response", before, after),
  ];
}

function newBody(message: string, before: State, { body }: State): string[] {
  const isNew = body !== undefined && JSON.stringify(body) !== JSON.stringify(before.body);
  return isNew ? ofBody(message, body) : [];
}

function ofHeaders(of: string, fields: readonly [string, readonly (string | null)[]][]): string[] {
  return fields.map(([name, values]) => {
    const texts = values.map((value) => latin1(value ?? ""));
    if (name === "set-cookie") return `expect(${of}.getSetCookie()).toEqual(${literal(texts)});`;
    const expected = texts.length === 0 ? "toBeNull()" : `toBe(${literal(texts.join(", "))})`;
    return `expect(${of}.get(${literal(name)})).${expected};`;
  });
}

/** As the test kit shows headers: a character for each byte. */
function latin1(value: string): string {
  return Buffer.from(value).toString("latin1");
}

function ofBody(message: string, { text, base64, cut }: BodyView): string[] {
  if (cut !== undefined) throw new ActionError("the new body is longer than the inspector keeps");
  if (base64 !== undefined) {
    const seen = `Buffer.from(${message}.body ?? []).toString("base64")`;
    return [`expect(${seen}).toBe(${literal(base64)});`];
  }
  const json = jsonOf(text ?? "");
  return json === undefined
    ? [`expect(${message}.text()).toBe(${literal(text)});`]
    : [`expect(${message}.json()).toEqual(${literal(json, 2)});`];
}

function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
