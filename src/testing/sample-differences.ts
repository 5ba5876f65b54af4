/** Compares what came of a sample with what it expects, in words. */
import type { SampleExpectation } from "../plugin/samples.ts";
import { summary } from "./expect-action.ts";
import type { SentRequest, SentResponse } from "./messages.ts";
import type { RequestResult, ResponseResult } from "./results.ts";

/** Empty where all is as expected. */
export function differences(
  result: RequestResult | ResponseResult,
  expected: SampleExpectation,
): string[] {
  const request = "request" in result ? result.request : undefined;
  const response = "response" in result ? result.response : undefined;
  const { action, status, method, path, args, headers, responseHeaders, body } = expected;
  const mustNotFail = action === undefined && result.action === "error" && status === undefined;
  if (mustNotFail || (action !== undefined && action !== result.action)) {
    return [`expected ${action ?? "no error"}, got ${summary(result)}`];
  }
  const found: string[] = [];
  const differ = (what: string, wanted: unknown, got: unknown): void => {
    if (wanted !== undefined && wanted !== got) {
      found.push(`expected ${what} ${String(wanted)}, got ${String(got)}`);
    }
  };
  if (response !== undefined) differ("status", status, response.status);
  else if (status !== undefined) found.push(`expected status ${status}, got ${summary(result)}`);
  if (request !== undefined) {
    differ("method", method, request.method);
    differ("path", path, request.path);
    found.push(...fieldDifferences("argument", args, (name) => request.args.get(name)));
  } else if ((method ?? path ?? args) !== undefined) {
    found.push(`expected a request that goes upstream, got ${summary(result)}`);
  }
  const message: SentRequest | SentResponse | undefined = request ?? response;
  if (message === undefined) return found;
  found.push(...fieldDifferences("header", headers, (name) => message.headers.get(name)));
  const added = "responseHeaders" in result ? result.responseHeaders : new Headers();
  found.push(
    ...fieldDifferences("response header", responseHeaders, (name) => added.get(name)),
    ...bodyDifferences(body, message.text()),
  );
  return found;
}

type Wanted = string | RegExp | null;

function fieldDifferences(
  kind: string,
  wanted: Readonly<Record<string, Wanted>> = {},
  valueOf: (name: string) => string | null,
): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const got = valueOf(name);
    if (matches(value, got)) return [];
    return [`expected ${kind} ${name} ${shown(value)}, got ${shown(got)}`];
  });
}

function matches(wanted: Wanted, got: string | null): boolean {
  return wanted instanceof RegExp ? got !== null && wanted.test(got) : wanted === got;
}

function bodyDifferences(wanted: SampleExpectation["body"], text: string): string[] {
  if (wanted === undefined) return [];
  if (typeof wanted === "string" || wanted instanceof RegExp) {
    return matches(wanted, text) ? [] : [`expected body ${shown(wanted)}, got ${shown(text)}`];
  }
  const expected = `expected the JSON body ${JSON.stringify(wanted)}`;
  try {
    const got: unknown = JSON.parse(text);
    return Bun.deepEquals(got, wanted) ? [] : [`${expected}, got ${JSON.stringify(got)}`];
  } catch {
    return [`${expected}, got ${shown(text)}`];
  }
}

function shown(value: Wanted): string {
  if (value === null) return "none";
  return value instanceof RegExp ? `matching ${value}` : JSON.stringify(value);
}
