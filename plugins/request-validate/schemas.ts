/** JSON Schemas (draft 2020-12), compiled once. Loads Ajv, which makes functions of them. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { LinearRegExp } from "../lib/linear-regexp.ts";
import { addBoundedFormats } from "./formats.ts";
import { checkSchema } from "./schema-rules.ts";
import { addUnevaluatedProperties, UNEVALUATED } from "./unevaluated.ts";

/** What is wrong with a value, and where in it. */
export interface Violation {
  /** JSON pointer, from the value on; empty: the value itself. */
  readonly pointer: string;
  readonly keyword: string;
  /** Without the value. */
  readonly detail: string;
  readonly value: unknown;
}

/**
 * Says what is wrong with a value.
 *
 * @param all all of it; else what is found first. Finding all takes time and memory in proportion to what is wrong
 */
export type Check = (value: unknown, all: boolean) => readonly Violation[];

export interface SchemaOptions {
  /** `native`: the built-in engine, which knows more and may take very long. */
  readonly patterns: "linear" | "native";
}

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** Its own schema is compiled when it is first asked. */
const META_SCHEMA = new Ajv2020({ strict: false, logger: false });

const NOTES = ["$anchor", "discriminator", "example", "xml", "externalDocs"];

/** What references of the document begin with. */
const DOCUMENT = "document:";

/** Compiles schemas that stand alone, and those of a document in which they refer to each other. */
export class Schemas {
  readonly #first: Ajv2020;
  #all: Ajv2020 | undefined;
  /** Keywords that say nothing of values: extensions, and what OpenAPI adds. */
  readonly #notes: Set<string>;

  constructor(
    private readonly options: SchemaOptions,
    private readonly document: object = {},
  ) {
    // Where one of its schemas is referred to, Ajv takes the whole document for a schema as well.
    this.#notes = new Set([...NOTES, ...Object.keys(document)]);
    this.#first = this.#ajv(false);
  }

  /**
   * @param place where in the conf it stands, for errors
   * @throws SyntaxError for what is no schema, or refers to what is not there
   */
  compile(schema: unknown, place: string): Check {
    return this.#compile(schema, schema, place);
  }

  /** The schema at this place in the document. @throws as {@link compile} */
  compileAt(pointer: readonly string[], schema: unknown, place: string): Check {
    const path = pointer.map((part) => encodeURIComponent(escapePart(part))).join("/");
    return this.#compile({ $ref: `${DOCUMENT}#/${path}` }, schema, place);
  }

  /** Checks one that others refer to. @throws as {@link compile} */
  check(schema: unknown, place: string): void {
    for (const name of checkSchema(schema, place)) {
      this.#notes.add(name);
      allow(this.#first, name);
    }
    if (!isSchema(schema)) throw new SyntaxError(`${place}: a schema is an object or a boolean`);
    if (typeof schema === "object" && "$schema" in schema && schema.$schema !== DRAFT) {
      throw new SyntaxError(`${place}.$schema: ${String(schema.$schema)} is not ${DRAFT}`);
    }
    if (META_SCHEMA.validateSchema(schema) !== true) {
      const [error] = META_SCHEMA.errors ?? [];
      const at = error?.instancePath.replaceAll("/", ".") ?? "";
      throw new SyntaxError(`${place}${at}: ${error?.message ?? "it is no schema"}`);
    }
  }

  #compile(schema: unknown, described: unknown, place: string): Check {
    this.check(described, place);
    if (!isSchema(schema)) throw new SyntaxError(`${place}: a schema is an object or a boolean`);
    const first = compiled(this.#first, schema, place);
    // Few requests are wrong, and of a route perhaps none ever is.
    let all: ValidateFunction | undefined;
    return (value, wantsAll) => {
      if (first(value)) return [];
      if (!wantsAll) return violationsOf(first);
      all ??= compiled((this.#all ??= this.#ajv(true)), schema, place);
      return all(value) ? violationsOf(first) : violationsOf(all);
    };
  }

  #ajv(allErrors: boolean): Ajv2020 {
    const ajv = new Ajv2020({
      allErrors,
      // A typo in a keyword must not turn it off.
      strictSchema: true,
      strictTypes: false,
      strictTuples: false,
      strictRequired: false,
      allowMatchingProperties: true,
      // What every object inherits, such as toString, is no member.
      ownProperties: true,
      verbose: true,
      logger: false,
      validateSchema: false,
      ...(this.options.patterns === "linear" && { code: { regExp: linearEngine } }),
    });
    addBoundedFormats(ajv);
    addUnevaluatedProperties(ajv);
    ajv.removeKeyword("uniqueItems");
    ajv.addKeyword({
      keyword: "uniqueItems",
      type: "array",
      schemaType: "boolean",
      errors: false,
      error: { message: "must NOT have duplicate items" },
      validate: (isWanted: boolean, items: unknown[]) => !isWanted || areUnique(items),
    });
    for (const name of this.#notes) allow(ajv, name);
    ajv.addSchema(this.document, DOCUMENT, undefined, false);
    return ajv;
  }
}

function allow(ajv: Ajv2020, keyword: string): void {
  if (ajv.getKeyword(keyword) === false) ajv.addKeyword(keyword);
}

const linearEngine = Object.assign(
  (pattern: string, flags: string) => new LinearRegExp(pattern, flags),
  { code: "LinearRegExp" },
);

function compiled(ajv: Ajv2020, schema: object | boolean, place: string): ValidateFunction {
  try {
    return ajv.compile(schema);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`${place}: ${reason.replaceAll(DOCUMENT, "")}`, { cause: error });
  }
}

function isSchema(schema: unknown): schema is object | boolean {
  return typeof schema === "boolean" || (typeof schema === "object" && schema !== null);
}

function violationsOf({ errors }: ValidateFunction): Violation[] {
  // It is told beside what is wrong with the property.
  return (errors ?? []).filter(({ keyword }) => keyword !== UNEVALUATED).map(violationOf);
}

function violationOf({ instancePath, keyword, message, params, data }: ErrorObject): Violation {
  // A member that is missing or too many is where the mistake is.
  const member: unknown = params["missingProperty"] ?? params["additionalProperty"];
  const pointer =
    typeof member === "string" ? `${instancePath}/${escapePart(member)}` : instancePath;
  return { pointer, keyword, detail: message ?? keyword, value: data };
}

/** RFC 6901. */
export function escapePart(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Ajv's own way compares each item with each other. */
function areUnique(items: readonly unknown[]): boolean {
  return new Set(items.map(keyOf)).size === items.length;
}

/** The same for what is equal: members have no order, and 1.0 is 1. */
function keyOf(item: unknown): string {
  return JSON.stringify(item, (_name, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      : value,
  );
}
