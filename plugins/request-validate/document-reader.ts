/** Reads the operations of an OpenAPI document, through its references. */
import { mediaTypeOf } from "../lib/media-type.ts";
import { isObject } from "./coerce.ts";
import type { BodyContent, BodyRule, Operation } from "./contract.ts";
import { formReader } from "./form.ts";
import { type Parameter, partOfParameter, STYLES } from "./parameters.ts";
import { PathTemplate } from "./path-template.ts";
import { partsOf, resolverOf } from "./references.ts";
import type { Schemas } from "./schemas.ts";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** They are the gateway's to read, and a document's parameters of these names mean nothing (OpenAPI 3.1, 4.8.12.2). */
const IGNORED_HEADERS: ReadonlySet<string> = new Set(["accept", "content-type", "authorization"]);

/** A part of the document and where it stands. */
interface Node {
  readonly value: Readonly<Record<string, unknown>>;
  readonly pointer: readonly string[];
}

/** What it finds wrong is a SyntaxError that says where in the document. */
export class DocumentReader {
  readonly #resolve;

  constructor(
    document: object,
    private readonly schemas: Schemas,
  ) {
    this.#resolve = resolverOf(document);
  }

  checkComponents(): void {
    const components = this.#resolve("#/components/schemas");
    for (const [name, schema] of Object.entries(components ?? {})) {
      this.schemas.check(schema, `openapi.components.schemas.${name}`);
    }
  }

  *paths(): Iterable<[string, Node]> {
    const paths = this.#resolve("#/paths");
    if (!isObject(paths)) throw new SyntaxError("openapi.paths: there are none");
    for (const [path, item] of Object.entries(paths)) {
      if (path.startsWith("/")) yield [path, this.#node(item, ["paths", path])];
    }
  }

  operations(path: string, item: Node): Map<string, Operation> {
    const operations = new Map<string, Operation>();
    const names = new Set(new PathTemplate(path).names);
    for (const method of METHODS) {
      if (item.value[method] === undefined) continue;
      const operation = this.#node(item.value[method], [...item.pointer, method]);
      const parameters = new Map<string, Parameter>();
      for (const owner of [item, operation]) {
        for (const parameter of this.#parameters(owner)) {
          parameters.set(`${parameter.in} ${parameter.name}`, parameter);
        }
      }
      for (const { in: place, name } of parameters.values()) {
        if (place !== "path" || names.has(name)) continue;
        throw new SyntaxError(`${placeOf(operation.pointer)}: ${path} has no {${name}}`);
      }
      operations.set(method.toUpperCase(), {
        parts: Array.from(parameters.values(), (one) => partOfParameter(one, this.#resolve)),
        body: this.#body(operation),
      });
    }
    return operations;
  }

  #parameters({ value, pointer }: Node): Parameter[] {
    const list = value["parameters"] ?? [];
    if (!Array.isArray(list))
      throw new SyntaxError(`${placeOf(pointer)}.parameters: it is no list`);
    return list.flatMap((item: unknown, i) => {
      const parameter = this.#parameter(this.#node(item, [...pointer, "parameters", String(i)]));
      const isIgnored = parameter.in === "header" && IGNORED_HEADERS.has(parameter.name);
      return isIgnored ? [] : [parameter];
    });
  }

  #parameter({ value, pointer }: Node): Parameter {
    const at = placeOf(pointer);
    const { in: place, name, required = false, content } = value;
    if (place !== "path" && place !== "query" && place !== "header" && place !== "cookie") {
      throw new SyntaxError(`${at}.in: it is none of path, query, header, cookie`);
    }
    if (typeof name !== "string" || name === "") throw new SyntaxError(`${at}.name: there is none`);
    const [defaultStyle = ""] = STYLES[place];
    const { style = defaultStyle, explode = style === "form" } = value;
    if (typeof style !== "string" || !STYLES[place].includes(style)) {
      throw new SyntaxError(
        `${at}.style: ${String(style)} is not known in ${place}; ${STYLES[place].join(", ")} are`,
      );
    }
    const mediaType = isObject(content) ? Object.keys(content)[0] : undefined;
    if (mediaType !== undefined && mediaTypeOf(mediaType) !== "application/json") {
      throw new SyntaxError(`${at}.content: ${mediaType} is not known there; application/json is`);
    }
    const where = mediaType === undefined ? ["schema"] : ["content", mediaType, "schema"];
    const { schema, check } = this.#schema(pointer, where, value);
    return {
      in: place,
      name: place === "header" ? name.toLowerCase() : name,
      required: required === true,
      style,
      explode: explode === true,
      isJson: mediaType !== undefined,
      schema,
      check: check ?? (() => []),
    };
  }

  #body(operation: Node): BodyRule | undefined {
    const { requestBody } = operation.value;
    if (requestBody === undefined) return undefined;
    const { value, pointer } = this.#node(requestBody, [...operation.pointer, "requestBody"]);
    if (!isObject(value["content"])) {
      throw new SyntaxError(`${placeOf(pointer)}.content: there is none`);
    }
    const content = new Map<string, BodyContent>();
    for (const range of Object.keys(value["content"])) {
      const { schema, check } = this.#schema(pointer, ["content", range, "schema"], value);
      content.set(mediaTypeOf(range), { check, ofForm: formReader(schema, this.#resolve) });
    }
    return { required: value["required"] === true, content };
  }

  /** The schema at this path below a node; none where there is none. */
  #schema(pointer: readonly string[], path: readonly string[], node: Node["value"]) {
    let schema: unknown = node;
    for (const part of path) {
      schema =
        isObject(schema) && Object.hasOwn(schema, part) ? Reflect.get(schema, part) : undefined;
    }
    if (schema === undefined) return { schema, check: undefined };
    const at = [...pointer, ...path];
    return { schema, check: this.schemas.compileAt(at, schema, placeOf(at)) };
  }

  /** @throws SyntaxError for what is no object, or a reference that leads nowhere */
  #node(value: unknown, pointer: readonly string[]): Node {
    let node = value;
    let at = pointer;
    for (let hops = 0; isObject(node) && "$ref" in node; hops++) {
      const reference = String(node.$ref);
      if (!reference.startsWith("#/")) {
        throw new SyntaxError(`${placeOf(at)}.$ref: ${reference} is not fetched`);
      }
      const target = this.#resolve(reference);
      if (target === undefined || hops > 100) {
        throw new SyntaxError(`${placeOf(at)}.$ref: ${reference} leads nowhere`);
      }
      node = target;
      at = partsOf(reference);
    }
    if (!isObject(node)) throw new SyntaxError(`${placeOf(at)}: it is no object`);
    return { value: { ...node }, pointer: at };
  }
}

function placeOf(pointer: readonly string[]): string {
  return ["openapi", ...pointer].join(".");
}
