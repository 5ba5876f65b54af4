/** What a test gives as the upstream's response, made into what APISIX has before it asks a runner. */
import type { HttpResponse } from "../gateway/http-message.ts";
import { hasNoBody } from "../gateway/http1/read-response.ts";
import { fromLatin1, isNamed } from "../gateway/wire-text.ts";
import type { PlainResponse } from "../plugin/samples.ts";
import type { FakeVars } from "./fake-vars.ts";
import { bytesOfBody, pairsOf } from "./plain-values.ts";
import { type GivenRequest, givenRequest, type RequestInput } from "./request-input.ts";

/** A web Response, or the parts of a response. */
export type ResponseInput =
  | Response
  | (Omit<PlainResponse, "request"> & {
      /** The request that it answers: plugins read its variables and its body. Default `GET /`. */
      readonly request?: RequestInput;
      /** Variables for this call, before those of the plugin under test. */
      readonly vars?: FakeVars;
    });

/** A response, and the request it answers. */
export interface GivenResponse {
  readonly response: HttpResponse;
  readonly to: GivenRequest;
  readonly vars: FakeVars | undefined;
}

export async function givenResponse(input: ResponseInput): Promise<GivenResponse> {
  if (input instanceof Response) {
    const response = framed(await fromWebResponse(input));
    return { response, to: await givenRequest("/"), vars: undefined };
  }
  const { status = 200, headers, body, request = "/", vars } = input;
  const to = await givenRequest(request);
  const response = { status, headers: pairsOf(headers), body: bytesOfBody(body) };
  return { response: framed(response), to, vars: vars ?? to.vars };
}

async function fromWebResponse(response: Response): Promise<HttpResponse> {
  const body = response.body === null ? undefined : await response.clone().arrayBuffer();
  return {
    status: response.status,
    headers: [...response.headers].map(([name, value]) => ({ name, value: fromLatin1(value) })),
    body: bytesOfBody(body && new Uint8Array(body)),
  };
}

/** An upstream says how long its body is, unless it sends it in chunks. */
function framed(response: HttpResponse): HttpResponse {
  const { status, headers, body } = response;
  const isFramed = headers.some(
    (line) => isNamed(line, "content-length") || isNamed(line, "transfer-encoding"),
  );
  if (isFramed || hasNoBody("GET", status)) return response;
  const length = { name: "content-length", value: String(body?.length ?? 0) };
  return { ...response, headers: [...headers, length] };
}
