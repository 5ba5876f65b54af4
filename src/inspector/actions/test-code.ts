/** Writes the test that repeats a call and expects what was seen. All that a client sent stands in string literals. */
import { encodePath, encodeQuery } from "../../gateway/target.ts";
import type { AskedView, BodyView, Field } from "../model.ts";
import { ActionError } from "./action-error.ts";
import { expectationsOf } from "./expectations.ts";
import { literal } from "./literal.ts";
import type { TestedCall } from "./tested-call.ts";

export interface TestCodeOptions {
  /** The test's name. */
  readonly name: string;
  readonly route: string;
  /** From the test's file to a plugin's. */
  readonly importPath: (source: string) => string;
}

/** @throws ActionError where a body is not known as a whole */
export function testCode(call: TestedCall, { name, route, importPath }: TestCodeOptions): string {
  const { action, lines } = expectationsOf(call);
  const chain = call.plugins.map(
    ({ source, conf }) => `[import(${literal(importPath(source))}), ${confLiteral(conf)}]`,
  );
  return [
    `/** Made by the inspector of apisix-bun-runner dev, from a request that it saw. */`,
    ...(lines.length === 0
      ? [`import { test } from "bun:test";`]
      : [`import { expect, test } from "bun:test";`]),
    `import { expectAction, testChain } from "apisix-bun-runner/testing";`,
    ``,
    `test(${literal(name)}, async () => {`,
    `  await using chain = await testChain(`,
    `    ${list(chain, 4)},`,
    `    ${object(settingsOf(call, route), 4)},`,
    `  );`,
    `  const result = await chain.${call.sent.kind}(${object(inputOf(call), 2)});`,
    `  expectAction(result, ${literal(action)});`,
    ...lines.map((line) => `  ${line}`),
    `});`,
    ``,
  ].join("\n");
}

/** The members of an object, each with its value as code. */
type Members = readonly (readonly [name: string, code: string])[];

/** What is longer goes over several lines. */
const LINE = 90;

function object(members: Members, indent: number): string {
  const parts = members.map(([name, code]) => `${name}: ${code}`);
  const line = `{ ${parts.join(", ")} }`;
  return isShort(line) ? line : inLines("{", parts, "}", indent);
}

function list(items: readonly string[], indent: number): string {
  const line = `[${items.join(", ")}]`;
  return isShort(line) ? line : inLines("[", items, "]", indent);
}

function isShort(line: string): boolean {
  return line.length <= LINE && !line.includes("\n");
}

function inLines(open: string, parts: readonly string[], close: string, indent: number): string {
  const space = " ".repeat(indent);
  return `${open}\n${parts.map((part) => `${space}  ${part},\n`).join("")}${space}${close}`;
}

function settingsOf({ extPlugin, plugins, asked }: TestedCall, route: string): Members {
  const vars = asked.filter(({ kind }) => kind === "var");
  const secrets = new Set(
    plugins.flatMap(({ conf }) => [...conf.matchAll(/\$env:\/\/(\w+)/g)].map(([, name]) => name)),
  );
  const env = [...secrets].map((name) => `${name}: process.env[${literal(name)}] ?? ""`);
  return [
    ["route", literal(route)],
    ...(extPlugin === "ext-plugin-post-req" ? [["extPlugin", literal(extPlugin)] as const] : []),
    ...(vars.length > 0
      ? [["vars", literal(Object.fromEntries(vars.map(variable)), 6)] as const]
      : []),
    ...(env.length > 0 ? [["env", `{ ${env.join(", ")} }`] as const] : []),
  ];
}

function variable({ name, answer }: AskedView): [string, string | undefined] {
  return [name, answer === null ? undefined : (answer.text ?? "")];
}

function inputOf({ sent, body, asked }: TestedCall): Members {
  const bodyAsked = asked.some(({ kind }) => kind === `${sent.kind}-body`);
  const own = bodyAsked && body ? [["body", bodyCode(body)] as const] : [];
  const headers = ["headers", fieldsCode(sent.headers)] as const;
  if (sent.kind === "response") {
    const requestBody = asked.find(({ kind }) => kind === "request-body")?.answer;
    const request = requestBody
      ? [["request", `{ method: "POST", body: ${bodyCode(requestBody)} }`] as const]
      : [];
    return [["status", literal(sent.status)], headers, ...own, ...request];
  }
  const { method, path, args, ip } = sent;
  const query = encodeQuery(args.map(([name, value]) => ({ name, value: value ?? undefined })));
  const target = `${encodePath(path)}${query && `?${query}`}`;
  return [
    ["method", literal(method)],
    ["path", literal(target)],
    headers,
    ...own,
    ...(ip === "127.0.0.1" ? [] : [["ip", literal(ip)] as const]),
  ];
}

/** A record where each name is there once: it reads better. */
function fieldsCode(fields: readonly Field[]): string {
  const pairs = fields.map(([name, value]) => [name, value ?? ""]);
  const names = new Set(pairs.map(([name]) => name));
  return literal(names.size === pairs.length ? Object.fromEntries(pairs) : pairs, 4);
}

function bodyCode({ text, base64, cut, size }: BodyView): string {
  if (cut !== undefined) {
    throw new ActionError(
      `the body has ${size} bytes, of which the inspector keeps ${size - cut}: no test can repeat it`,
    );
  }
  return base64 === undefined ? literal(text) : `Buffer.from(${literal(base64)}, "base64")`;
}

function confLiteral(conf: string): string {
  try {
    const value: unknown = JSON.parse(conf);
    if (typeof value === "object" && value !== null) return literal(value, 6);
  } catch {
    // A plain string.
  }
  return literal(conf);
}
