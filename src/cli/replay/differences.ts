/** What a call came to then and now, in words. */
import type { BodyView, Field, InspectedPhase, ReplyView } from "../../inspector/model.ts";
import { redacted as withoutSecrets } from "../../inspector/redact.ts";
import { fieldDiff, isChange } from "../../inspector/view/field-diff.ts";
import { jsonDiff, jsonIn } from "../../inspector/view/json-diff.ts";
import { printable } from "../text/body.ts";
import type { Repeated } from "./repeat-call.ts";

/** @param redacted the recording has no secrets, so what is compared with it must have none */
export function differencesOf(
  { reply: before }: InspectedPhase,
  { reply, unknown }: Repeated,
  redacted: boolean,
): string[] {
  const now = reply && redacted ? withoutSecrets(reply) : reply;
  return [
    ...between(before, now),
    ...unknown.map(
      (what) => `it asks for ${printable(what)} now, to which the recording has no answer`,
    ),
  ];
}

function between(before: ReplyView | undefined, now: ReplyView | undefined): string[] {
  const [old, is] = [actionOf(before), actionOf(now)];
  if (before === undefined || now === undefined || before.kind !== now.kind) {
    return old === is ? [] : [became("", old, is)];
  }
  if (before.kind === "continue" || now.kind === "continue") return [];
  if (before.kind === "rewrite" || now.kind === "rewrite") {
    return before.kind === "rewrite" && now.kind === "rewrite" ? rewrites(before, now) : [];
  }
  return [
    ...(before.status === now.status ? [] : [became("status", before.status, now.status)]),
    ...fields("header", before.headers, now.headers),
    ...bodies(before.body, now.body),
  ];
}

type Rewrite = ReplyView & { readonly kind: "rewrite" };

function rewrites(before: Rewrite, now: Rewrite): string[] {
  return [
    ...(before.path === now.path ? [] : [became("path", before.path, now.path)]),
    ...fields("header", before.headers, now.headers),
    ...fields("argument", before.args, now.args),
    ...fields("response header", before.responseHeaders, now.responseHeaders),
    ...bodies(before.body, now.body),
  ];
}

function actionOf(reply: ReplyView | undefined): string {
  if (reply === undefined) return "failed";
  return reply.kind === "stop" ? `stop ${reply.status}` : reply.kind;
}

function fields(what: string, before: readonly Field[], now: readonly Field[]): string[] {
  return fieldDiff(before, now, what !== "argument")
    .filter(isChange)
    .map(({ name, before: old, after }) => became(`${what} ${name}`, shown(old), shown(after)));
}

/** A rewrite that names a header without a value deletes it. */
function shown(values: readonly (string | null)[]): string {
  if (values.length === 0) return "untouched";
  return values.map((value) => (value === null ? "deleted" : JSON.stringify(value))).join(", ");
}

const SHOWN_CHANGES = 20;

function bodies(before: BodyView | undefined, now: BodyView | undefined): string[] {
  if (before?.text === now?.text && before?.base64 === now?.base64) return [];
  const [old, json] = [jsonIn(before?.text ?? ""), jsonIn(now?.text ?? "")];
  const changes = old && json && jsonDiff(old, json);
  if (changes === undefined) return [became("body", bodyText(before), bodyText(now))];
  return changes
    .slice(0, SHOWN_CHANGES)
    .map(({ path, before: was, after }) =>
      became(`body ${path}`, JSON.stringify(was) ?? "none", JSON.stringify(after) ?? "none"),
    );
}

const SHOWN_CHARACTERS = 120;

function bodyText(body: BodyView | undefined): string {
  if (body === undefined) return "none";
  if (body.text === undefined) return `${body.size} bytes`;
  const { text } = body;
  const isLong = text.length > SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

function became(what: string, before: unknown, now: unknown): string {
  const words = printable(`${String(before ?? "none")} → ${String(now ?? "none")}`);
  return what === "" ? words : `${printable(what)}: ${words}`;
}
