import { describe, expect, test } from "bun:test";
import type { ResponseReply } from "../../src/gateway/decode-replies.ts";
import { failureEffect, type HttpResponse, responseEffect } from "../../src/gateway/effect.ts";
import { exactText } from "../../src/gateway/wire-text.ts";
import { decodeHttpRespCall } from "../../src/protocol/calls.ts";
import { payloadOf } from "../support/fixtures.ts";
import { bodyOf, entriesOf, lines, type ObservedCase, observed } from "./observed.ts";

/** The recordings leave out a last line break. */
const UPSTREAM_BODY = "hdrs body";

describe("what the client gets is what it got from a genuine APISIX", () => {
  for (const label of ["resp-none", "resp-body", "resp-status", "resp-bodyonly", "resp-all"]) {
    test(label, () => {
      const { response } = responseEffect(upstreamOf(label), replyOf(observed(label)), "GET");
      expectAsObserved(response, observed(label));
    });
  }

  for (const label of ["resp-err1", "resp-close", "resp-wrongtype"]) {
    test(label, () => {
      expectAsObserved(failureEffect(upstreamOf(label)).response, observed(label));
    });
  }

  for (const label of ["err1", "close"]) {
    test(`${label}, in the request phase`, () => {
      const { response, errorPage } = failureEffect(undefined);
      expect(response.status).toBe(observed(label).status ?? 0);
      expect(errorPage).toBe(true);
      expect(observed(label).body).toContain("<title>503 ");
    });
  }
});

describe("notes", () => {
  test("a reply without headers loses some", () => {
    const { notes } = responseEffect(upstreamOf("resp-none"), reply({}), "GET");
    expect(notes).toEqual([
      "a reply without headers loses some of the upstream's, such as content-type",
    ]);
  });

  test("a complete reply has none", () => {
    const { notes } = responseEffect(
      upstreamOf("resp-none"),
      reply({ headers: [{ name: "content-type", value: "text/x" }] }),
      "GET",
    );
    expect(notes).toEqual([]);
  });

  test("an empty body keeps the upstream's", () => {
    const { response, notes } = responseEffect(
      upstreamOf("resp-none"),
      reply({ headers: [{ name: "x-a", value: "1" }], body: new Uint8Array(0) }),
      "GET",
    );
    expect(Buffer.from(response.body ?? "").toString()).toBe(UPSTREAM_BODY);
    expect(notes).toEqual(["the empty body is ignored: the upstream's is kept"]);
  });

  test("a failure publishes the upstream's body", () => {
    expect(failureEffect(upstreamOf("resp-err1")).notes).toEqual([
      "the client gets the upstream's body all the same",
    ]);
  });
});

test("the reply's own content-type is kept", () => {
  const { response } = responseEffect(
    upstreamOf("resp-none"),
    reply({ headers: [{ name: "Content-Type", value: "text/x" }] }),
    "GET",
  );
  expect(response.headers).toEqual([{ name: "content-type", value: "text/x" }]);
});

/** The upstream's response, from the frame that APISIX made of it. */
function upstreamOf(label: string): HttpResponse {
  const { status, headers } = decodeHttpRespCall(payloadOf(`apisix-${label}.http-resp-call.bin`));
  return {
    status,
    headers: Array.from({ length: headers.length }, (_, i) => ({
      name: headers.name(i),
      value: exactText(headers.valueBytes(i) ?? new Uint8Array(0)),
    })),
    body: Buffer.from(UPSTREAM_BODY),
  };
}

function replyOf({ script = {} }: ObservedCase): ResponseReply {
  const { status = 0, headers, body } = script.resp ?? {};
  return { kind: "response", id: 0, status, headers: entriesOf(headers), ...bodyOf(body) };
}

function reply(changes: Partial<ResponseReply>): ResponseReply {
  return { kind: "response", id: 0, status: 0, headers: [], ...changes };
}

function expectAsObserved(response: HttpResponse, { status, headers, body }: ObservedCase): void {
  expect(response.status).toBe(status ?? 0);
  expect(withoutNginxOwn(lines(response.headers))).toEqual(
    withoutNginxOwn(lines(entriesOf(headers))),
  );
  expect(Buffer.from(response.body ?? "").toString()).toBe(body ?? "");
}

/** nginx writes these itself; the recordings leave out the date. */
function withoutNginxOwn(all: readonly string[]): string[] {
  return all.filter(
    (line) => !/^(date|server|connection|transfer-encoding|content-length):/.test(line),
  );
}
