/** Plugins written in a test, run through the real codec and chain. */
import {
  type ChainHarness,
  chainHarness,
  type HarnessOptions,
  type Outcome,
} from "./plugin-harness.ts";
import type { TestRequest, TestResponse } from "./plugin-harness.ts";

/** Each value is what a plugin file would export by default. */
export function inlinePlugins(
  plugins: Readonly<Record<string, unknown>>,
  options?: HarnessOptions,
): Promise<ChainHarness> {
  const modules = Object.entries(plugins).map(
    ([name, exported]) => [name, () => Promise.resolve({ default: exported })] as const,
  );
  return chainHarness(Object.fromEntries(modules), options);
}

/** One request through one plugin without a conf. */
export async function onRequest(exported: unknown, request?: TestRequest): Promise<Outcome> {
  const chain = await inlinePlugins({ it: exported });
  return chain.request([["it", ""]], request);
}

/** One response through one plugin without a conf. */
export async function onResponse(exported: unknown, response?: TestResponse): Promise<Outcome> {
  const chain = await inlinePlugins({ it: exported });
  return chain.response([["it", ""]], response);
}
