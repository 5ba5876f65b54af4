/** What the plugins of APISIX that call a runner make of a request and of its response. */
import { type AnswerFunction, answersOfCall } from "./answers.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ResponseReply } from "./decode-replies.ts";
import type { PhaseEvent } from "./events.ts";
import { gatewayVariable } from "./gateway-variables.ts";
import type { ClientRequest, HeaderLine, HttpResponse, UpstreamRequest } from "./http-message.ts";
import { ipBytes } from "./ip.ts";
import {
  argsForRunner,
  currentQuery,
  type PassingRequest,
  pathForRunner,
  rewritten,
  upstreamTarget,
} from "./passing-request.ts";
import { errorPageEffect, type RespondEffect, stopEffect } from "./request-effect.ts";
import {
  ASKED_AGAIN,
  failureEffect,
  responseEffect,
  responseHeadersAfter,
} from "./response-effect.ts";
import { withDefaultType } from "./response-headers.ts";
import type { ExtPlugin, Route } from "./routes/route.ts";
import type { CallOutcome, RunnerCalls } from "./runner-calls.ts";
import type { NodeResponse } from "./upstreams.ts";
import { bytesOf } from "./wire-text.ts";

/** What stays the same over a request's way. */
export interface PluginContext {
  readonly original: ClientRequest;
  readonly route: Route;
}

/** The request goes on, or the client gets this response on top of the headers set before. */
export type RequestOutcome =
  | { readonly kind: "go on"; readonly request: PassingRequest }
  | (RespondEffect & { readonly before: readonly HeaderLine[] });

/** The client gets this response, or what nginx fetches from the upstream with these headers added. */
export type ResponseOutcome =
  | (RespondEffect & { readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined })
  | { readonly kind: "proxy"; readonly responseHeaders: readonly HeaderLine[] };

/** APISIX passes on no more of them. */
const MAX_HEADERS = 100;

export class ExtPlugins {
  constructor(
    private readonly client: ClientExchange,
    private readonly runner: RunnerCalls,
    private readonly phases: PhaseEvent[],
  ) {}

  async onRequest(
    name: "ext-plugin-pre-req" | "ext-plugin-post-req",
    passing: PassingRequest,
    context: PluginContext,
  ): Promise<RequestOutcome> {
    const plugin = context.route.extPlugins[name];
    if (plugin === undefined) return { kind: "go on", request: passing };
    const began = performance.now();
    const { method } = passing;
    const call = {
      method,
      path: pathForRunner(passing),
      args: argsForRunner(passing),
      headers: headersForRunner(passing),
      sourceIp: ipBytes(this.client.origin.remoteAddr),
    };
    // The query of a rewritten path becomes that of the request.
    const current = { ...passing, query: currentQuery(passing) };
    const outcome = await this.runner.request(
      plugin,
      call,
      answersOfCall(this.#answers(current, context), "request"),
    );
    const { effect, notes, degraded } = requestOutcome(current, plugin, outcome);
    this.phases.push({
      kind: "request",
      extPlugin: name,
      ...called(plugin, outcome, this.client.began, began),
      notes,
      degraded,
      sent: call,
      before: this.#asUpstream(passing),
      ...(outcome.kind === "replied" && { reply: outcome.reply }),
      ...(effect.kind === "go on"
        ? { after: this.#asUpstream(effect.request) }
        : { stopped: effect.response }),
    });
    return effect;
  }

  async onResponse(
    response: NodeResponse,
    passing: PassingRequest,
    context: PluginContext,
  ): Promise<ResponseOutcome> {
    const plugin = context.route.extPlugins["ext-plugin-post-resp"]!;
    const began = performance.now();
    const { status, headers } = response;
    const known = this.#answers(passing, context);
    const hasBody = response.framing.kind !== "none";
    let read: Uint8Array | undefined;
    const answer: AnswerFunction = async (question) => {
      if (question.kind !== "response-body") return known(question);
      if (!hasBody) return new Uint8Array();
      return (read = await whole(response.body));
    };
    const call = { status, headers: headers.slice(0, MAX_HEADERS) };
    const outcome = await this.runner.response(plugin, call, answersOfCall(answer, "response"));
    const upstream: HttpResponse = { status, headers };
    const { effect, own, degraded } = responseOutcome(upstream, passing.method, plugin, outcome);
    const replied = outcome.kind === "replied" ? outcome.reply.body : undefined;
    const body = replied?.length ? replied : await printed(response, read);
    const isAskedAgain = body === undefined && !effect.errorPage;
    const { notes } = effect;
    this.phases.push({
      kind: "response",
      extPlugin: "ext-plugin-post-resp",
      ...called(plugin, outcome, this.client.began, began),
      notes: isAskedAgain && !notes.includes(ASKED_AGAIN) ? [...notes, ASKED_AGAIN] : notes,
      degraded,
      sent: call,
      before: { ...upstream, ...(read && { body: read }) },
      ...(outcome.kind === "replied" && { reply: outcome.reply }),
      after: effect.response,
    });
    if (effect.errorPage) return { ...effect, body: undefined };
    return isAskedAgain ? { kind: "proxy", responseHeaders: own } : { ...effect, body };
  }

  #answers(passing: PassingRequest, { original, route }: PluginContext): AnswerFunction {
    const source = { client: this.client, original, passing, route };
    return async (question) => {
      switch (question.kind) {
        case "var": {
          const value = gatewayVariable(question.name, source);
          return value === undefined ? undefined : bytesOf(value);
        }
        case "request-body": {
          const body = passing.body ?? (await this.client.body.read());
          return body.length === 0 ? undefined : body;
        }
        case "response-body":
          return undefined;
      }
    };
  }

  #asUpstream(passing: PassingRequest): UpstreamRequest {
    const { method, headers, upstreamUri } = passing;
    const target = upstreamTarget(passing) ?? upstreamUri;
    return { method, target, headers, body: passing.body ?? this.client.body.known };
  }
}

function requestOutcome(
  passing: PassingRequest,
  plugin: ExtPlugin,
  outcome: Awaited<ReturnType<RunnerCalls["request"]>>,
): { effect: RequestOutcome; notes: readonly string[]; degraded: boolean } {
  const goOn = { kind: "go on", request: passing } as const;
  const before = passing.responseHeaders;
  if (outcome.kind === "failed") {
    const degraded = plugin.allowDegradation && !outcome.breaksApisix;
    const failure = outcome.breaksApisix ? errorPageEffect(500) : failureEffect(undefined);
    return { effect: degraded ? goOn : { ...failure, before }, notes: [], degraded };
  }
  const { reply } = outcome;
  switch (reply.kind) {
    case "continue":
      return { effect: goOn, notes: [], degraded: false };
    case "rewrite": {
      const { request, notes } = rewritten(passing, reply);
      return { effect: { kind: "go on", request }, notes, degraded: false };
    }
    case "stop": {
      const effect = stopEffect(reply);
      return { effect: { ...effect, before }, notes: effect.notes, degraded: false };
    }
  }
}

/** `own`: the headers that are set whether the body is the upstream's or not. */
function responseOutcome(
  upstream: HttpResponse,
  method: string,
  plugin: ExtPlugin,
  outcome: CallOutcome<ResponseReply>,
): { effect: RespondEffect; own: readonly HeaderLine[]; degraded: boolean } {
  if (outcome.kind === "replied") {
    const effect = responseEffect(upstream, outcome.reply, method);
    return { effect, own: responseHeadersAfter(upstream, outcome.reply), degraded: false };
  }
  if (outcome.breaksApisix) return { effect: errorPageEffect(500), own: [], degraded: false };
  const failure = failureEffect(upstream);
  if (!plugin.allowDegradation) return { effect: failure, own: [], degraded: false };
  const response = { status: upstream.status, headers: withDefaultType([]) };
  const notes = ["the upstream's headers are lost all the same"];
  return { effect: { ...failure, response, notes }, own: [], degraded: true };
}

/** @param requestBegan and `began`, the phase: as `performance.now()` had it */
function called(
  { key, conf }: ExtPlugin,
  outcome: CallOutcome<unknown>,
  requestBegan: number,
  began: number,
): Pick<
  PhaseEvent,
  "key" | "call" | "at" | "plugins" | "conf" | "duration" | "questions" | "tries" | "error"
> {
  return {
    key,
    call: outcome.id,
    at: began - requestBegan,
    plugins: (conf ?? []).map(({ name }) => name),
    conf,
    duration: performance.now() - began,
    questions: outcome.questions,
    tries: outcome.tries,
    ...(outcome.kind === "failed" && { error: outcome.error.message }),
  };
}

function headersForRunner({ headers, upstreamHost }: PassingRequest): HeaderLine[] {
  return headers.slice(0, MAX_HEADERS).map(({ name, value }) => {
    const lower = name.toLowerCase();
    return { name: lower, value: lower === "host" ? (upstreamHost ?? "") : value };
  });
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * What APISIX prints of the upstream's body: `undefined` where it prints nothing, because there is none or because of its
 * chunks none has a byte. An empty one of another framing is a piece all the same.
 *
 * @param read the body, where the runner has asked for it
 */
async function printed(
  { framing, body }: NodeResponse,
  read: Uint8Array | undefined,
): Promise<Uint8Array | AsyncIterable<Uint8Array> | undefined> {
  if (framing.kind === "none") return undefined;
  if (framing.kind !== "chunked") return read ?? body;
  if (read !== undefined) return read.length > 0 ? read : undefined;
  const pieces = body[Symbol.asyncIterator]();
  const first = await pieces.next();
  return first.done ? undefined : joined(first.value, pieces);
}

async function* joined(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}
