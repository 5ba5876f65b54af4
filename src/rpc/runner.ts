/** What the handlers of all calls share. */
import type { Logger } from "../log/logger.ts";
import type { ConfCache } from "../plugin/conf-cache.ts";
import type { CallObserver } from "../plugin/observer.ts";
import type { PluginRegistry } from "../plugin/registry.ts";
import type { SecretSources } from "../plugin/secrets.ts";
import type { StrayErrors } from "../plugin/stray-errors.ts";
import type { Stores } from "../store/stores.ts";
import type { Inheritance, Registrar } from "./inheritance.ts";
import type { OldApisix } from "./old-apisix.ts";

/** What may change while calls go on: whoever needs one of these reads it at that moment, and keeps no copy. */
export interface CallSettings {
  secrets: SecretSources;
  /** ms that a hook may take where its plugin says nothing else. */
  timeout: number;
  /** Bytes that a decoded response body may have. */
  decodedBodyLimit: number;
}

export interface Runner extends Readonly<CallSettings> {
  readonly registry: PluginRegistry;
  readonly confs: ConfCache;
  readonly log: Logger;
  /** What plugins keep. */
  readonly store: Stores;
  /** What escaped plugins, for whoever counts. */
  readonly strayErrors: StrayErrors;
  /** Metrics, traces or both, where the settings ask for them. */
  observer?: CallObserver;
  /** Set where the APISIX that calls is known to lack something. */
  oldApisix?: OldApisix | undefined;
  /** Set where this runner takes over from another. */
  inheritance?: Inheritance;
  /** Set where it is not this process that gives the tokens. */
  registrar?: Registrar;
}

/** The runner in the hands of the one who changes its settings. */
export type LiveRunner = Runner & CallSettings;
