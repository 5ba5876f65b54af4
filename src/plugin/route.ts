/** What the key of a PrepareConf tells of the route behind it. */
import type { Phase } from "./plugin.ts";

export type ExtPlugin = "ext-plugin-pre-req" | "ext-plugin-post-req" | "ext-plugin-post-resp";

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

/**
 * The part of a key that stays when a route is edited: what comes after the third `#` is the version,
 * and any change of a standalone file changes every version in it.
 */
export function withoutVersion(key: string): string {
  let end = -1;
  for (let i = 0; i < 3; i++) {
    end = key.indexOf("#", end + 1);
    if (end === -1) return key;
  }
  return key.slice(0, end);
}

/** Which of APISIX's three plugins a key names. */
export function extPluginOf(key: string): ExtPlugin | undefined {
  const name = key.split("#", 3)[2];
  return name !== undefined && isExtPlugin(name) ? name : undefined;
}

/** The phase in which a conf's calls come, where its key tells. */
export function phaseOf(route: { readonly plugin?: ExtPlugin | undefined }): Phase | undefined {
  if (route.plugin === undefined) return undefined;
  return route.plugin === "ext-plugin-post-resp" ? "response" : "request";
}

function isExtPlugin(name: string): name is ExtPlugin {
  return (
    name === "ext-plugin-pre-req" ||
    name === "ext-plugin-post-req" ||
    name === "ext-plugin-post-resp"
  );
}
