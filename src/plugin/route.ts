/** What the key of a PrepareConf tells of the route behind it. */
import { type ExtPlugin, extPluginOf, withoutVersion } from "./conf-key.ts";

/** Where a conf comes from. All undefined for APISIX before 2.9, which sends no key. */
export interface Route {
  /** The key as APISIX sent it, without the version: what log lines show. */
  readonly key: string;
  readonly id?: string;
  readonly service?: string;
  readonly consumer?: string;
  readonly consumerGroup?: string;
  readonly globalRule?: string;
  /** Which of APISIX's three plugins calls. */
  readonly plugin?: ExtPlugin;
}

const FIELDS: Readonly<
  Record<string, "id" | "service" | "consumer" | "consumerGroup" | "globalRule">
> = {
  route: "id",
  service: "service",
  consumer: "consumer",
  consumer_group: "consumerGroup",
  global_rule: "globalRule",
};

/**
 * Reads a key of the form `kinds#ids#plugin#version`, as in
 * `route&service#r1&s1#ext-plugin-pre-req#1795336643&1795336644`.
 */
export function parseRoute(key: string): Route {
  const [kinds = "", ids = ""] = key.split("#", 2);
  const idList = ids.split("&");
  const fields: Partial<Record<(typeof FIELDS)[string], string>> = {};
  kinds.split("&").forEach((kind, i) => {
    const field = Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined;
    const id = idList[i];
    if (field !== undefined && id !== undefined) fields[field] = id;
  });
  const plugin = extPluginOf(key);
  return Object.freeze({
    key: withoutVersion(key),
    ...fields,
    ...(plugin !== undefined && { plugin }),
  });
}
