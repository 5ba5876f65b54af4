/** What of a route in the file decides which requests it gets. */
import { type Condition, type ConditionValue, OPERATORS } from "./conditions.ts";
import type { RouteMatch } from "./route.ts";
import type { Fields, Value } from "./yaml-fields.ts";

/** @param serviceHosts count where the route has none itself */
export function readMatch(fields: Fields, serviceHosts: readonly string[] | undefined): RouteMatch {
  return {
    uris: readUris(fields),
    hosts: readHosts(fields) ?? serviceHosts,
    methods: strings(fields.get("methods")),
    vars: (fields.get("vars")?.list() ?? []).flatMap(readCondition),
    priority: fields.get("priority")?.number() ?? 0,
  };
}

/** `host` or `hosts`, in lower case. */
export function readHosts(fields: Fields): string[] | undefined {
  const one = fields.get("host")?.string();
  const hosts = strings(fields.get("hosts")) ?? (one === undefined ? undefined : [one]);
  return hosts?.map((host) => host.toLowerCase());
}

function readUris(fields: Fields): string[] {
  const [one, many] = [fields.get("uri"), fields.get("uris")];
  if (!one && !many) return fields.value.problem("has neither uri nor uris") ?? [];
  const values = many ? (many.list() ?? []) : one ? [one] : [];
  return values.flatMap((value) => {
    const uri = value.string();
    if (uri === undefined) return [];
    if (!/^(?:\/[^*]*\*?|\*)$/.test(uri)) {
      value.problem(`${uri} must begin with a slash, and may have a * only at its end`);
    }
    return [uri];
  });
}

function readCondition(value: Value): Condition[] {
  const parts = value.isList ? value.plain : undefined;
  const [variable, operator, wanted] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const known = OPERATORS.find((one) => one === operator);
  const isSimple = Array.isArray(parts) && parts.length === 3 && typeof variable === "string";
  const right = known && isSimple ? rightSide(known, wanted) : undefined;
  if (known === undefined || right === undefined) {
    value.warn(
      `${JSON.stringify(value.plain)} is not known here: the route matches without this condition. Known: [variable, operator, value] with ${OPERATORS.join(" ")}`,
    );
    return [];
  }
  return [{ variable: String(variable), operator: known, value: right }];
}

function rightSide(
  operator: Condition["operator"],
  wanted: unknown,
): Condition["value"] | undefined {
  if (operator === "in") {
    return Array.isArray(wanted) && wanted.every(isPlain) ? wanted : undefined;
  }
  if (operator === "~~" || operator === "~*") {
    try {
      return new RegExp(String(wanted), operator === "~*" ? "i" : "");
    } catch {
      return undefined;
    }
  }
  return isPlain(wanted) ? wanted : undefined;
}

function isPlain(value: unknown): value is ConditionValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function strings(value: Value | undefined): string[] | undefined {
  return value?.list()?.flatMap((item) => item.string() ?? []);
}
