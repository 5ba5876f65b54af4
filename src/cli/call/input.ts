/** From the words of a `call` to the request, the upstream's response and the answers it stands for. */
import { readFileSync } from "node:fs";
import { METHODS } from "../../gateway/encode-calls.ts";
import {
  type ClientRequest,
  type HeaderLine,
  type HttpResponse,
  InvalidTargetError,
  parseTarget,
} from "../../gateway/effect.ts";
import type { ConfEntry } from "../../protocol/calls.ts";
import { decodeText } from "../../protocol/text-entries.ts";
import type { SettingOptions } from "../settings.ts";
import { VERSION } from "../version.ts";

export interface CallOptions extends SettingOptions {
  readonly method?: string;
  readonly header?: readonly string[];
  readonly data?: string;
  readonly var?: readonly string[];
  readonly then?: readonly string[];
  readonly phase: "request" | "response";
  readonly status?: string;
  readonly json?: true;
}

/** One call, ready to be made. */
export interface CallInput {
  /** The chain. */
  readonly conf: readonly ConfEntry[];
  readonly request: ClientRequest;
  /** What the upstream answered; in the response phase only. */
  readonly upstream: HttpResponse | undefined;
  /** Values of variables, before those that follow from the request. */
  readonly vars: Readonly<Record<string, string>>;
}

/** Thrown for words that make no call. The message says which and why. */
export class CallUsageError extends Error {
  override readonly name = "CallUsageError";
}

/** Where the request seems to come in: APISIX's default. */
export const GATEWAY_HOST = "127.0.0.1";
export const GATEWAY_PORT = 9080;

/** @throws CallUsageError */
export function readCall(
  name: string,
  confOrTarget: string | undefined,
  target: string | undefined,
  options: CallOptions,
): CallInput {
  // A target can stand without a conf, and no JSON begins with a slash.
  const isTarget = target === undefined && confOrTarget?.startsWith("/") === true;
  const conf = isTarget ? undefined : confOrTarget;
  const { phase, data, header = [], status } = options;
  if (phase === "request" && status !== undefined) {
    throw new CallUsageError("--status is the upstream's: it needs --phase response");
  }
  const body = data === undefined ? undefined : Buffer.from(textOrFile(data, "--data"));
  const given = header.map(headerLine);
  const inRequest = phase === "request";
  return {
    conf: [{ name, value: confText(conf) }, ...(options.then ?? []).map(chained)],
    request: clientRequest(
      escapedTarget((isTarget ? confOrTarget : target) ?? "/"),
      options.method,
      inRequest ? given : [],
      inRequest ? body : undefined,
    ),
    upstream: inRequest ? undefined : upstreamResponse(status, given, body),
    vars: Object.fromEntries((options.var ?? []).map(variable)),
  };
}

function clientRequest(
  target: string,
  method: string | undefined,
  given: readonly HeaderLine[],
  body: Uint8Array | undefined,
): ClientRequest {
  const inLowerCase = given.map(({ name, value }) => ({ name: name.toLowerCase(), value }));
  return {
    method: knownMethod(method ?? (body === undefined ? "GET" : "POST")),
    target,
    ...parsed(target),
    headers: withDefaults(requestDefaults(inLowerCase, body), inLowerCase),
    body,
  };
}

/** As curl sends them and APISIX passes them on. */
function requestDefaults(given: readonly HeaderLine[], body: Uint8Array | undefined): HeaderLine[] {
  const host =
    given.find(({ name, value }) => name === "host" && value !== "")?.value ??
    `${GATEWAY_HOST}:${GATEWAY_PORT}`;
  const port = /:(\d+)$/.exec(decodeText(host))?.[1] ?? String(GATEWAY_PORT);
  return [
    { name: "host", value: host },
    { name: "user-agent", value: `apisix-bun-runner/${VERSION}` },
    { name: "accept", value: "*/*" },
    ...(body === undefined
      ? []
      : [
          { name: "content-length", value: String(body.length) },
          { name: "content-type", value: "application/x-www-form-urlencoded" },
        ]),
    { name: "x-forwarded-proto", value: "http" },
    { name: "x-forwarded-host", value: host },
    { name: "x-forwarded-port", value: port },
  ];
}

function upstreamResponse(
  status: string | undefined,
  given: readonly HeaderLine[],
  body: Uint8Array = new Uint8Array(0),
): HttpResponse {
  const defaults = [
    { name: "Content-Type", value: "text/plain; charset=utf-8" },
    { name: "Content-Length", value: String(body.length) },
  ];
  return { status: statusNumber(status ?? "200"), headers: withDefaults(defaults, given), body };
}

/** A given header replaces the default one; given without a value, it takes it away, as with curl. */
function withDefaults(defaults: readonly HeaderLine[], given: readonly HeaderLine[]): HeaderLine[] {
  const names = new Set(given.map(({ name }) => name.toLowerCase()));
  const kept = defaults.filter(({ name }) => !names.has(name.toLowerCase()));
  return [...kept, ...given.filter(({ value }) => value !== "")];
}

function headerLine(text: string): HeaderLine {
  const colon = text.indexOf(":");
  if (colon < 1) throw new CallUsageError(`--header "${text}" is not of the form "name: value"`);
  return { name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() };
}

function variable(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new CallUsageError(`--var "${text}" is not of the form name=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function chained(text: string): ConfEntry {
  const equals = text.indexOf("=");
  if (equals < 0) return { name: text, value: confText(undefined) };
  return { name: text.slice(0, equals), value: confText(text.slice(equals + 1)) };
}

/** APISIX always sends a conf; an empty object is what most plugins take for none. */
function confText(conf: string | undefined): string {
  return conf === undefined ? "{}" : String(textOrFile(conf, "the conf"));
}

function textOrFile(text: string, what: string): string | Buffer {
  if (!text.startsWith("@")) return text;
  const file = text.slice(1);
  try {
    return readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new CallUsageError(`cannot read ${file} for ${what}: ${reason}`, { cause });
  }
}

function knownMethod(method: string): string {
  if (METHODS.includes(method)) return method;
  throw new CallUsageError(
    `--method ${method}: APISIX passes no such method on; it is one of ${METHODS.join(", ")}`,
  );
}

function statusNumber(text: string): number {
  const status = Number(text);
  if (/^\d{3}$/.test(text) && status >= 100) return status;
  throw new CallUsageError(`--status ${text} is not a number from 100 to 999`);
}

/** As clients send it: what cannot stand on a request line is percent-encoded. */
function escapedTarget(target: string): string {
  return target.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

function parsed(target: string): ReturnType<typeof parseTarget> {
  try {
    return parseTarget(target);
  } catch (error) {
    if (!(error instanceof InvalidTargetError)) throw error;
    throw new CallUsageError(`${error.message}: APISIX answers it with 400 by itself`);
  }
}
