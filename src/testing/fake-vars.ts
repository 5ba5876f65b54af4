/** Answers the questions of a plugin: variables that a test gives, and those that follow from the request. */
import type { AnswerFunction } from "../gateway/answers.ts";
import { requestVariable } from "../gateway/variables.ts";
import { bytesOf } from "../gateway/wire-text.ts";
import type { WireText } from "../protocol/text-entries.ts";
import type { GivenRequest } from "./request-input.ts";

/**
 * Variables of nginx and APISIX. In a record, `undefined` means "not set", and a name that is not there means what
 * follows from the request (`uri`, `arg_a`, `http_host`, `remote_addr` …). A function answers for every name.
 */
export type FakeVars =
  Readonly<Record<string, string | undefined>> | ((name: string) => string | undefined);

/** @param layers the first that knows a variable wins */
export function answersFrom(
  { request, remoteAddr, vars }: GivenRequest,
  layers: readonly (FakeVars | undefined)[],
  response?: { readonly status: number; readonly body?: Uint8Array | undefined },
): AnswerFunction {
  const origin = { scheme: "http", remoteAddr, serverAddr: "127.0.0.1", serverPort: 9080 };
  const variable = (name: string): WireText | undefined => {
    for (const layer of [...layers, vars]) {
      if (typeof layer === "function") return layer(name);
      if (layer !== undefined && Object.hasOwn(layer, name)) return layer[name];
    }
    if (response && (name === "status" || name === "upstream_status")) {
      return String(response.status);
    }
    return requestVariable(name, request, origin);
  };
  return (question) => {
    switch (question.kind) {
      case "var": {
        const value = variable(question.name);
        return value === undefined ? undefined : bytesOf(value);
      }
      case "request-body":
        return request.body;
      case "response-body":
        return response?.body;
    }
  };
}
