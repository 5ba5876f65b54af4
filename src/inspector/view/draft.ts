/** A request as it is edited, and what is sent of it. */
import type { Field, Inspected } from "../model.ts";
import type { SendOrder } from "../wire.ts";
import { jsonIn } from "./json-diff.ts";

export interface Draft {
  readonly method: string;
  readonly target: string;
  /** `name: value`, one a line. */
  readonly headers: string;
  readonly body: string;
  /** The body is no text, and stays as it is. */
  readonly isBinary: boolean;
  readonly confs: readonly DraftConf[];
}

export interface DraftConf {
  readonly extPlugin: string;
  readonly name: string;
  readonly text: string;
  /** As it was on the route. */
  readonly original: string;
  readonly wasJson: boolean;
}

export function draftOf({ method, target, headers, body, phases }: Inspected): Draft {
  return {
    method,
    target,
    headers: headers.map(([name, value]) => `${name}: ${value ?? ""}`).join("\n"),
    body: body?.text ?? "",
    isBinary: body?.base64 !== undefined,
    confs: phases.flatMap(({ extPlugin, conf }) =>
      conf.map(({ name, value }) => {
        const json = jsonIn(value);
        const text = json === undefined ? value : JSON.stringify(json, null, 2);
        return { extPlugin, name, text, original: value, wasJson: json !== undefined };
      }),
    ),
  };
}

/** What is as it was is not sent: the server knows it better. */
export function orderOf(draft: Draft, inspected: Inspected): SendOrder {
  const first = draftOf(inspected);
  const isSameRequest = (["method", "target", "headers", "body"] as const).every(
    (part) => draft[part] === first[part],
  );
  const isSameConf = draft.confs.every(({ text }, i) => text === first.confs[i]?.text);
  return {
    of: inspected.id,
    ...(!isSameRequest && { request: requestOf(draft, inspected) }),
    ...(!isSameConf && { confs: confsOf(draft, first) }),
  };
}

function requestOf(draft: Draft, { body }: Inspected): NonNullable<SendOrder["request"]> {
  const { method, target, headers, isBinary, body: text } = draft;
  const own = isBinary ? body : text === "" ? undefined : { size: text.length, text };
  return {
    method: method.trim(),
    target: target.trim(),
    headers: fieldsIn(headers),
    ...(own && { body: own }),
  };
}

function fieldsIn(text: string): Field[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): Field => {
      const at = line.indexOf(":");
      return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    });
}

/** One that was not touched keeps its spelling. */
function confsOf({ confs }: Draft, first: Draft): NonNullable<SendOrder["confs"]> {
  const byPlugin: Record<string, { name: string; value: string }[]> = {};
  confs.forEach(({ extPlugin, name, text, original }, i) => {
    const value = text === first.confs[i]?.text ? original : compact(text);
    (byPlugin[extPlugin] ??= []).push({ name, value });
  });
  return byPlugin;
}

function compact(text: string): string {
  const json = jsonIn(text);
  return json === undefined ? text : JSON.stringify(json);
}
