/** What plugins have made of a call so far. */
import { type Call, RequestCall, ResponseCall } from "../../plugin/call.ts";
import { optionalBody } from "../body-view.ts";
import { fieldsOf } from "../fields.ts";
import type { Field, State } from "../model.ts";

/** Of the body only a replacement: the one that came is known to the gateway. */
export function stateOf(call: Call): State {
  if (call instanceof RequestCall) return requestState(call);
  if (call instanceof ResponseCall) return responseState(call);
  return { headers: [] };
}

function requestState({ request, addedHeaders }: RequestCall): State {
  const { args } = request;
  return {
    path: request.path,
    args: Array.from(args, ([name, value]): Field => [name, args.isBare(name) ? null : value]),
    headers: [...request.headers],
    responseHeaders: fieldsOf(addedHeaders?.toWire() ?? []),
    ...optionalBody(request.body),
  };
}

function responseState({ response }: ResponseCall): State {
  return {
    status: response.status,
    headers: fieldsOf(response.headers.toWire()),
    ...optionalBody(response.body),
  };
}
