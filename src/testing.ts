/** The test kit: what a plugin's tests import as `apisix-bun-runner/testing`. */

// Running a plugin
export { testChain, testPlugin } from "./testing/test-plugin.ts";
export type { ChainOptions, PluginTestOptions, PluginUnderTest } from "./testing/test-plugin.ts";
export type { PluginExport, TestablePlugin } from "./testing/subject.ts";
export type { RequestInput } from "./testing/request-input.ts";
export type { ResponseInput } from "./testing/response-input.ts";
export type { FakeVars } from "./testing/fake-vars.ts";
export type { PlainArg, PlainRequest, PlainResponse } from "./plugin/samples.ts";

// What comes of it
export { expectAction } from "./testing/expect-action.ts";
export type {
  Action,
  Asked,
  Failed,
  RequestContinued,
  RequestResult,
  RequestRewritten,
  ResponseContinued,
  ResponseResult,
  ResponseRewritten,
  Stopped,
} from "./testing/results.ts";
export type { SentRequest, SentResponse } from "./testing/messages.ts";
export type { LogLine } from "./testing/log-lines.ts";
export type { LogFields } from "./log/logger.ts";

// What plugins keep
export { TestStore } from "./testing/test-store.ts";
export type {
  Counter,
  Storable,
  Store,
  StoreValue,
  Taken,
  TakeOptions,
  TtlOptions,
} from "./store/store.ts";

// Time and samples
export { fakeTime } from "./testing/fake-time.ts";
export type { FakeTime } from "./testing/fake-time.ts";
export { runSamples } from "./testing/run-samples.ts";
export type { SampleOptions, SampleResult } from "./testing/run-samples.ts";
export { testSamples } from "./testing/test-samples.ts";
export type { PluginSample, SampleExpectation } from "./plugin/samples.ts";

// Errors
export { InvalidConfError } from "./plugin/conf.ts";
export { PluginLoadError } from "./plugin/exports.ts";
