/** The part of the settings that calls read, each call anew. */
import type { Config } from "../../config/config.ts";
import type { CallSettings } from "../../rpc/runner.ts";

export function callSettings({ limits, plugins, secrets }: Config): CallSettings {
  return {
    secrets: { ...secrets, environment: process.env },
    timeout: plugins.timeout,
    decodedBodyLimit: limits.decodedBody,
  };
}
