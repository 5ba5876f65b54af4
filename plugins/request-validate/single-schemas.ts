/** A contract of schemas for path, arguments, headers and body. */
import type { PluginRequest } from "apisix-bun-runner";
import { isObject, propertyOf, type Resolve } from "./coerce.ts";
import type { Contract, Finding, PartCheck, Place } from "./contract.ts";
import { formReader, valueOf } from "./form.ts";
import { PathTemplate } from "./path-template.ts";
import { resolverOf } from "./references.ts";
import type { Check, Schemas } from "./schemas.ts";

export interface SingleSchemas {
  readonly path?: { readonly template: string; readonly schema?: unknown } | undefined;
  readonly args?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly bodyRequired: boolean;
}

/** @throws SyntaxError for a schema that is none; the message says where */
export function contractOfSchemas(conf: SingleSchemas, schemas: Schemas): Contract {
  const parts: PartCheck[] = [];
  const add = (
    place: Place,
    name: string,
    schema: unknown,
    read: (request: PluginRequest, path: ReadonlyMap<string, string>) => Texts,
  ): void => {
    if (schema === undefined) return;
    const check = schemas.compile(schema, `schemas.${name}`);
    const resolve = resolverOf(schema);
    parts.push((request, path) =>
      findingsOf(place, check, valuesOf(read(request, path), schema, resolve)),
    );
  };
  add("path", "path.schema", conf.path?.schema, (_request, path) =>
    Array.from(path, ([name, text]) => [name, [text]]),
  );
  add("query", "args", conf.args, ({ args }) =>
    Array.from(new Set(args.keys()), (name) => [name, args.getAll(name)]),
  );
  checkHeaderNames(conf.headers);
  add("header", "headers", conf.headers, ({ headers }) =>
    Array.from(headers, ([name, text]) => [name, [text]]),
  );
  const body =
    conf.body === undefined
      ? undefined
      : { required: conf.bodyRequired, content: contentOf(schemas, conf.body) };
  const operation = { parts, body };
  const template = conf.path && new PathTemplate(conf.path.template);
  return {
    find(_method, path) {
      const match = template === undefined ? new Map<string, string>() : template.match(path);
      return match === undefined
        ? { operation: undefined, allowed: [] }
        : { operation, path: match };
    },
  };
}

type Texts = readonly (readonly [name: string, texts: readonly string[]])[];

/** One object of them all; a name that came more than once has a list. */
function valuesOf(texts: Texts, schema: unknown, resolve: Resolve): object {
  return Object.fromEntries(
    texts.map(([name, values]) => [
      name,
      valueOf(values, propertyOf(schema, name, resolve), resolve),
    ]),
  );
}

/** The first part of a pointer is the parameter's name. */
function findingsOf(place: Place, check: Check, values: object): Finding[] {
  return check(values, true).map((violation) => {
    const [, name = "", rest = ""] = /^\/([^/]*)(.*)$/s.exec(violation.pointer) ?? [];
    const plain = name.replaceAll("~1", "/").replaceAll("~0", "~");
    return { ...violation, in: place, name: plain || undefined, pointer: rest };
  });
}

function checkHeaderNames(schema: unknown): void {
  if (!isObject(schema)) return;
  const { properties, required } = { properties: {}, required: [], ...schema };
  const names = [...Object.keys(properties ?? {}), ...[required].flat().map(String)];
  const wrong = names.find((name) => name !== name.toLowerCase());
  if (wrong === undefined) return;
  throw new SyntaxError(`schemas.headers: ${wrong}: names of headers are in lower case here`);
}

function contentOf(schemas: Schemas, schema: unknown) {
  const check = schemas.compile(schema, "schemas.body");
  const content = { check, ofForm: formReader(schema, resolverOf(schema)) };
  return new Map([
    ["application/json", content],
    ["application/*+json", content],
  ]);
}
