/** Checks what the page orders. */
import { ActionError } from "./actions/action-error.ts";
import type { BodyView, ConfView, Field } from "./model.ts";
import type { EditedRequest, SendOrder, TestOrder } from "./wire.ts";

/** @throws ActionError */
export function readSendOrder(value: unknown): SendOrder {
  const { of, request, confs } = fieldsOf(value);
  return {
    of: number(of, "of"),
    ...(request !== undefined && { request: editedRequest(request) }),
    ...(confs !== undefined && {
      confs: Object.fromEntries(
        Object.entries(fieldsOf(confs)).map(([name, conf]) => [name, list(conf, name).map(entry)]),
      ),
    }),
  };
}

/** @throws ActionError */
export function readTestOrder(value: unknown): TestOrder {
  const { of, phase, plugin, save } = fieldsOf(value);
  return {
    of: number(of, "of"),
    phase: number(phase, "phase"),
    ...(plugin !== undefined && { plugin: number(plugin, "plugin") }),
    save: save === true,
  };
}

function editedRequest(value: unknown): EditedRequest {
  const { method, target, headers, body } = fieldsOf(value);
  return {
    method: text(method, "method"),
    target: text(target, "target"),
    headers: list(headers, "headers").map(header),
    ...(body !== undefined && { body: bodyOf(body) }),
  };
}

function header(value: unknown): Field {
  const [name, content] = list(value, "a header");
  return [text(name, "a header's name"), text(content, "a header's value")];
}

function bodyOf(value: unknown): BodyView {
  const { text: plain, base64 } = fieldsOf(value);
  if (base64 !== undefined) return { size: 0, base64: text(base64, "base64") };
  return { size: 0, text: text(plain, "text") };
}

function entry(value: unknown): ConfView {
  const { name, value: conf } = fieldsOf(value);
  return { name: text(name, "a plugin's name"), value: text(conf, "a conf") };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value));
  throw new ActionError("the order is not understood: it is no object");
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new ActionError(`the order is not understood: ${what} is no text`);
}

function number(value: unknown, what: string): number {
  if (typeof value === "number") return value;
  throw new ActionError(`the order is not understood: ${what} is no number`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ActionError(`the order is not understood: ${what} is no list`);
}
