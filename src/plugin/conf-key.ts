/** The key that a PrepareConf has: `kinds#ids#plugin#version`. */
import type { Phase } from "./plugin.ts";

export type ExtPlugin = "ext-plugin-pre-req" | "ext-plugin-post-req" | "ext-plugin-post-resp";

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
