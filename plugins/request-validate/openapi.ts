/** A contract that an OpenAPI 3.1 document says. */
import { isObject } from "./coerce.ts";
import type { Contract, Operation } from "./contract.ts";
import { DocumentReader } from "./document-reader.ts";
import { bySpecificity, PathTemplate } from "./path-template.ts";
import type { Schemas } from "./schemas.ts";

const DIALECTS: ReadonlySet<unknown> = new Set([
  undefined,
  "https://json-schema.org/draft/2020-12/schema",
  "https://spec.openapis.org/oas/3.1/dialect/base",
]);

/** ms that reading a long document may keep calls waiting. */
const TURN_MS = 5;

interface Route {
  readonly template: PathTemplate;
  readonly operations: ReadonlyMap<string, Operation>;
}

/**
 * @param basePath what paths begin with before the document's; default: the path of its first server
 * @throws SyntaxError (rejects with it); the message says where in the document
 */
export async function contractOfDocument(
  document: object,
  basePath: string | undefined,
  schemas: Schemas,
): Promise<Contract> {
  const { version, base } = headOf(document, basePath);
  if (!/^3\.1\.\d+$/.test(version)) {
    throw new SyntaxError(
      `openapi.openapi: the version is ${version || "not there"}; 3.1 is known`,
    );
  }
  const reader = new DocumentReader(document, schemas);
  reader.checkComponents();
  const routes: Route[] = [];
  let turnBegan = performance.now();
  for (const [path, item] of reader.paths()) {
    const operations = reader.operations(path, item);
    routes.push({ template: new PathTemplate(base + path), operations });
    if (performance.now() - turnBegan < TURN_MS) continue;
    await new Promise(setImmediate);
    turnBegan = performance.now();
  }
  routes.sort((a, b) => bySpecificity(a.template, b.template));
  return {
    find(method, path) {
      for (const { template, operations } of routes) {
        const match = template.match(path);
        if (match === undefined) continue;
        const operation = operations.get(method);
        return operation === undefined
          ? { operation, allowed: [...operations.keys()] }
          : { operation, path: match };
      }
      return { operation: undefined, allowed: [] };
    },
  };
}

function headOf(document: object, basePath: string | undefined) {
  const { openapi, jsonSchemaDialect, servers }: Record<string, unknown> = { ...document };
  if (!DIALECTS.has(jsonSchemaDialect)) {
    throw new SyntaxError("openapi.jsonSchemaDialect: it is not draft 2020-12");
  }
  const [server]: unknown[] = Array.isArray(servers) ? servers : [];
  const url = isObject(server) && "url" in server ? String(server.url) : "/";
  const base = basePath ?? (url.includes("{") ? "" : new URL(url, "http://localhost").pathname);
  return { version: String(openapi ?? ""), base: base.replace(/\/$/, "") };
}
