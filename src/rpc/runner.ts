/** What the handlers of all calls share. */
import type { Logger } from "../log/logger.ts";
import type { ConfCache } from "../plugin/conf-cache.ts";
import type { PluginRegistry } from "../plugin/registry.ts";
import type { SecretSources } from "../plugin/secrets.ts";

export interface Runner {
  readonly registry: PluginRegistry;
  readonly confs: ConfCache;
  readonly secrets: SecretSources;
  readonly log: Logger;
  /** ms that a hook may take where its plugin says nothing else. */
  readonly timeout: number;
  /** Bytes that a decoded response body may have. */
  readonly decodedBodyLimit: number;
}
