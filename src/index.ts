/** The public API: what a plugin imports as `apisix-bun-runner`. */

// Writing a plugin
export { definePlugin } from "./plugin/definition.ts";
export type {
  ConfigOf,
  ConfigSchema,
  HookResult,
  PluginDefinition,
  PluginOptions,
  SetupContext,
} from "./plugin/definition.ts";
export type {
  PlainArg,
  PlainRequest,
  PlainResponse,
  PluginSample,
  SampleExpectation,
} from "./plugin/samples.ts";
export { Base } from "./plugin/base.ts";
export { stop } from "./http/stop.ts";
export type { Stop, StopInit } from "./http/stop.ts";

// What its hooks are given
export type { RequestContext, ResponseContext } from "./plugin/context.ts";
export type { PluginRequest } from "./http/plugin-request.ts";
export type { UpstreamResponse } from "./http/upstream-response.ts";
export type { StopResponse } from "./http/stop-response.ts";
export type { ExtPlugin } from "./plugin/conf-key.ts";
export type { Route } from "./plugin/route.ts";
export type { KnownVar, Vars } from "./http/vars.ts";
export type { Logger, LogFields } from "./log/logger.ts";
export type {
  Counter,
  Storable,
  Store,
  StoreValue,
  Taken,
  TakeOptions,
  TtlOptions,
} from "./store/store.ts";
// `export *`, since only so can `declare module "apisix-bun-runner"` add to it.
export * from "./plugin/locals.ts";

// Headers, arguments and bodies
export type { HeaderFields, HeadersSource } from "./http/header-fields.ts";
export type { RequestHeaders } from "./http/request-headers.ts";
export type { AddedResponseHeaders, ResponseHeaders } from "./http/response-headers.ts";
export type { ArgsSource, RequestArgs } from "./http/request-args.ts";
export type { BodySource } from "./http/body.ts";

// Secrets in confs
export { Secret, secret } from "./plugin/secrets.ts";

// Errors
export { HttpError, ProtocolLimitError, BodyTooLargeError, CallEndedError } from "./http/errors.ts";
export type { HttpErrorOptions } from "./http/errors.ts";
export { InvalidJsonError } from "./http/body.ts";
export { PluginTimeoutError } from "./plugin/timeouts.ts";
export { StoreUnavailableError, StoreValueError } from "./store/errors.ts";
export type { StoreEngine, StoreOperation } from "./store/errors.ts";
