/** Parameters of an OpenAPI operation: read from where they stand in their style, and checked. */
import type { PluginRequest } from "apisix-bun-runner";
import { coerce, memberOf, propertyNamesOf, propertyOf, type Resolve, typesOf } from "./coerce.ts";
import { finding, type PartCheck, type Place } from "./contract.ts";
import { valueOf } from "./form.ts";
import type { Check } from "./schemas.ts";

export interface Parameter {
  readonly in: Exclude<Place, "body">;
  readonly name: string;
  readonly required: boolean;
  readonly style: string;
  readonly explode: boolean;
  /** Of the value, or of the JSON that is in it. */
  readonly schema: unknown;
  readonly isJson: boolean;
  readonly check: Check;
}

/** The styles that are read, by where the parameter is; the first is the default. */
export const STYLES: Readonly<Record<Parameter["in"], readonly string[]>> = {
  path: ["simple"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};

export function partOfParameter(parameter: Parameter, resolve: Resolve): PartCheck {
  const { in: place, name, required, check, isJson } = parameter;
  return (request, path) => {
    const texts = textsOf(parameter, request, path);
    const read = isJson ? readJson(texts) : readStyled(parameter, texts, request, resolve);
    if (read === undefined) {
      return required ? [finding(place, name, "required", "is required")] : [];
    }
    if ("problem" in read) return [finding(place, name, "content", read.problem)];
    return check(read.value, true).map((violation) => ({ ...violation, in: place, name }));
  };
}

type Read = { readonly value: unknown } | { readonly problem: string } | undefined;

/** What stands there under its name; nothing where the parameter is not given. */
function textsOf(
  { in: place, name }: Parameter,
  { args, headers }: PluginRequest,
  path: ReadonlyMap<string, string>,
): readonly string[] {
  switch (place) {
    case "query":
      return args.getAll(name);
    case "path":
      return [path.get(name) ?? []].flat();
    case "header":
      return [headers.get(name) ?? []].flat();
    case "cookie":
      return (headers.get("cookie") ?? "")
        .split(";")
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(`${name}=`))
        .map((pair) => pair.slice(name.length + 1));
  }
}

function readJson([text, ...others]: readonly string[]): Read {
  if (text === undefined) return undefined;
  if (others.length > 0) return { problem: "is given more than once" };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: "is no JSON" };
  }
}

function readStyled(
  parameter: Parameter,
  texts: readonly string[],
  { args }: PluginRequest,
  resolve: Resolve,
): Read {
  const { name, schema, style, explode } = parameter;
  const types = typesOf(schema, resolve);
  const isObject = types.has("object");
  if (isObject && style === "deepObject") {
    const prefix = `${name}[`;
    const members = Array.from(new Set(args.keys()))
      .filter((arg) => arg.startsWith(prefix) && arg.endsWith("]"))
      .map((arg): Member => [arg.slice(prefix.length, -1), args.getAll(arg)]);
    return members.length === 0 ? undefined : objectOf(members, schema, resolve);
  }
  if (isObject && style === "form" && explode) {
    const members = propertyNamesOf(schema, resolve)
      .map((property): Member => [property, args.getAll(property)])
      .filter(([, values]) => values.length > 0);
    return members.length === 0 ? undefined : objectOf(members, schema, resolve);
  }
  const [first, ...others] = texts;
  if (first === undefined) return undefined;
  const isDelimited = !(style === "form" && explode);
  if (others.length > 0 && (isDelimited || !types.has("array"))) {
    return { problem: "is given more than once" };
  }
  if (types.has("array")) {
    const items = isDelimited ? split(first, style) : texts;
    const itemTypes = typesOf(memberOf(schema, "items", resolve), resolve);
    return { value: items.map((item) => coerce(item, itemTypes)) };
  }
  if (!isObject) return { value: coerce(first, types) };
  const pieces = split(first, style);
  const members = explode
    ? pieces.map((piece): Member => {
        const [property = "", ...value] = piece.split("=");
        return [property, [value.join("=")]];
      })
    : pieces.flatMap((property, i): Member[] =>
        i % 2 === 0 ? [[property, [pieces[i + 1] ?? ""]]] : [],
      );
  return objectOf(members, schema, resolve);
}

type Member = [name: string, texts: readonly string[]];

function objectOf(members: readonly Member[], schema: unknown, resolve: Resolve): Read {
  return {
    value: Object.fromEntries(
      members.map(([name, texts]) => [
        name,
        valueOf(texts, propertyOf(schema, name, resolve), resolve),
      ]),
    ),
  };
}

const DELIMITERS = new Map([
  ["spaceDelimited", " "],
  ["pipeDelimited", "|"],
]);

function split(text: string, style: string): string[] {
  return text.split(DELIMITERS.get(style) ?? ",").map((piece) => piece.trim());
}
