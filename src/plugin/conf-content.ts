/** What a conf is known by: its content, and the hash of that, which becomes its token. */
import { withoutVersion } from "./conf-key.ts";

/** What APISIX asks to prepare. */
export interface ConfRequest {
  /** Names the route, the plugin of APISIX and the version; empty before APISIX 2.9. */
  readonly key: string;
  readonly conf: readonly { readonly name: string; readonly value: string }[];
}

/** What to hash and compare: the key without its version, so that an edit elsewhere changes nothing. */
export function contentOf({ key, conf }: ConfRequest): string {
  const content: (string | [string, string])[] = [withoutVersion(key)];
  for (const { name, value } of conf) content.push([name, value]);
  return JSON.stringify(content);
}

/** The request that a content was made of, but for the version. */
export function requestOf(content: string): ConfRequest {
  const [key, ...entries] = JSON.parse(content) as [string, ...[string, string][]];
  return { key, conf: entries.map(([name, value]) => ({ name, value })) };
}

/** The token of a content, unless another conf has it. xxHash32 is a published function: it does not change with the version of Bun. */
export function hashOf(content: string): number {
  return Bun.hash.xxHash32(content);
}
