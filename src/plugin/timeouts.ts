/** How long a chain and its hooks may take, and what they fail with that take longer. */

/** The longest that a chain may wait, in ms: APISIX gives up on the call after 60 s. */
export const MAX_CALL_MS = 55_000;

/** What a hook fails with that took longer than it may; the reason of its `signal`. */
export class PluginTimeoutError extends Error {
  override readonly name = "PluginTimeoutError";
}

/** The hook had its time. */
export function pluginTimeout(plugin: string, ms: number): PluginTimeoutError {
  return new PluginTimeoutError(
    `plugin ${plugin} gave no answer within ${ms} ms; a longer time can be set as the plugin's timeout or plugins.timeout`,
  );
}

/** The chain had all the time there is. */
export function callTimeout(plugin: string): PluginTimeoutError {
  return new PluginTimeoutError(
    `plugin ${plugin} was at work when the whole chain had taken ${MAX_CALL_MS} ms, the most that APISIX waits for`,
  );
}
