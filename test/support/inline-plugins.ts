/** Plugins written in a test, run through the real codec and chain. */
import type { InProcessRunnerOptions } from "../../src/testing/in-process-runner.ts";
import {
  type Outcome,
  PluginHarness,
  type TestRequest,
  type TestResponse,
} from "./plugin-harness.ts";

/** Each value is what a plugin file would export by default. */
export async function inlinePlugins(
  plugins: Readonly<Record<string, unknown>>,
  options?: InProcessRunnerOptions,
): Promise<PluginHarness> {
  return new PluginHarness(plugins, options);
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
