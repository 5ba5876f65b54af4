/** What requests are held to, whether an OpenAPI document or single schemas say it. */
import type { PluginRequest } from "apisix-bun-runner";
import type { Check, Violation } from "./schemas.ts";

export type Place = "body" | "cookie" | "header" | "path" | "query";

/** Something wrong with a request, and where. */
export interface Finding extends Violation {
  readonly in: Place;
  /** The parameter's or header's. */
  readonly name?: string | undefined;
}

/** Checks one parameter, or all of a kind. */
export type PartCheck = (
  request: PluginRequest,
  path: ReadonlyMap<string, string>,
) => readonly Finding[];

export interface BodyRule {
  readonly required: boolean;
  /** By media range: `application/json`, `text/*`; without a check the body is taken as it is. */
  readonly content: ReadonlyMap<string, BodyContent>;
}

export interface BodyContent {
  readonly check: Check | undefined;
  /** Makes values of the fields of a form. */
  readonly ofForm: (fields: URLSearchParams) => unknown;
}

export interface Operation {
  readonly parts: readonly PartCheck[];
  readonly body: BodyRule | undefined;
}

/** What a method and path lead to. */
export type Found =
  | { readonly operation: Operation; readonly path: ReadonlyMap<string, string> }
  | { readonly operation: undefined; readonly allowed: readonly string[] };

export interface Contract {
  /** `allowed` is empty where there is no such path. */
  find(method: string, path: string): Found;
}

/** A finding that no schema made. */
export function finding(
  place: Place,
  name: string | undefined,
  keyword: string,
  detail: string,
  pointer = "",
): Finding {
  return { in: place, name, keyword, detail, pointer, value: undefined };
}
