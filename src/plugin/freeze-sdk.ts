/**
 * Freezes the classes of the objects that plugins are given: what a plugin hangs on one of them would
 * reach every call of every plugin.
 */
import { InvalidJsonError } from "../http/body.ts";
import {
  BodyTooLargeError,
  CallEndedError,
  HttpError,
  ProtocolLimitError,
} from "../http/errors.ts";
import { HeaderFields } from "../http/header-fields.ts";
import { PluginRequest } from "../http/plugin-request.ts";
import { RequestArgs } from "../http/request-args.ts";
import { RequestHeaders } from "../http/request-headers.ts";
import { AddedResponseHeaders, ResponseHeaders } from "../http/response-headers.ts";
import { Stop } from "../http/stop.ts";
import { StopResponse } from "../http/stop-response.ts";
import { UpstreamResponse } from "../http/upstream-response.ts";
import { Vars } from "../http/vars.ts";
import { StoreUnavailableError, StoreValueError } from "../store/errors.ts";
import { PluginStore } from "../store/stores.ts";
import { Base } from "./base.ts";
import { CallContext, RequestContext, ResponseContext } from "./context.ts";
import { InvalidConfError } from "./invalid-conf.ts";
import { TooManyCallsError } from "./places.ts";
import { Secret } from "./secrets.ts";
import { PluginTimeoutError } from "./timeouts.ts";

const CLASSES = [
  AddedResponseHeaders,
  Base,
  BodyTooLargeError,
  CallContext,
  CallEndedError,
  HeaderFields,
  HttpError,
  InvalidConfError,
  InvalidJsonError,
  PluginRequest,
  PluginStore,
  PluginTimeoutError,
  ProtocolLimitError,
  RequestArgs,
  RequestContext,
  RequestHeaders,
  ResponseContext,
  ResponseHeaders,
  Secret,
  Stop,
  StopResponse,
  StoreUnavailableError,
  StoreValueError,
  TooManyCallsError,
  UpstreamResponse,
  Vars,
];

/** To call it again does nothing. Built-in classes stay as they are: packages of plugins may extend them. */
export function freezeSdk(): void {
  if (Object.isFrozen(CLASSES)) return;
  Object.freeze(CLASSES);
  for (const sdkClass of CLASSES) {
    freezeWithMembers(sdkClass);
    freezeWithMembers(sdkClass.prototype);
  }
}

function freezeWithMembers(owner: object): void {
  Object.freeze(owner);
  for (const key of Reflect.ownKeys(owner)) {
    const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key) ?? {};
    for (const member of [value, get, set]) {
      if (typeof member === "function") freezeFunction(member);
    }
  }
}

/** A generator's iterators have the generator's `prototype` as theirs. */
function freezeFunction(member: Function): void {
  Object.freeze(member);
  if (typeof member.prototype === "object") Object.freeze(member.prototype);
}
