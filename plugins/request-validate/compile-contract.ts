/** Makes the contract of a conf. Loads all that it takes to compile schemas. */
import { Secret } from "apisix-bun-runner";
import { isObject } from "./coerce.ts";
import type { Contract } from "./contract.ts";
import { contractOfDocument } from "./openapi.ts";
import { Schemas } from "./schemas.ts";
import { contractOfSchemas, type SingleSchemas } from "./single-schemas.ts";

export interface ContractConf {
  readonly schemas?: SingleSchemas | undefined;
  readonly openapi?: Secret | Readonly<Record<string, unknown>> | undefined;
  readonly basePath?: string | undefined;
  readonly patterns: "linear" | "native";
}

/** @throws SyntaxError (rejects with it); the message says where in the conf */
export async function compileContract({
  schemas,
  openapi,
  basePath,
  patterns,
}: ContractConf): Promise<Contract> {
  if (schemas !== undefined) return contractOfSchemas(schemas, new Schemas({ patterns }));
  const document = openapi instanceof Secret ? parse(openapi) : (openapi ?? {});
  return contractOfDocument(document, basePath, new Schemas({ patterns }, document));
}

/** JSON is YAML too. */
function parse(file: Secret): object {
  let document: unknown;
  try {
    document = Bun.YAML.parse(file.reveal());
  } catch {
    // The parser's message would show what is in a file that is something else.
    throw new SyntaxError(`openapi: ${file.name} is neither JSON nor YAML`);
  }
  if (!isObject(document)) throw new SyntaxError(`openapi: ${file.name} holds no document`);
  return document;
}
