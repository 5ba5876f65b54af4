import { describe, expect, test } from "bun:test";
import { type ClientRequest, parseTarget } from "../../src/gateway/effect.ts";
import { requestVariable } from "../../src/gateway/variables.ts";
import { bytesOf } from "../../src/gateway/wire-text.ts";
import { decodeExtraInfo } from "../../src/protocol/calls.ts";
import { payloadOf } from "../support/fixtures.ts";
import { clientRequest, observed } from "./observed.ts";

const ORIGIN = {
  scheme: "http",
  remoteAddr: "127.0.0.1",
  serverAddr: "127.0.0.1",
  serverPort: 9080,
};

/** Counts every byte of the request, which nobody but the gateway has seen. */
const NOT_TOLD = "request_length";

describe("variables are what a genuine APISIX answered", () => {
  for (const label of [
    "vars",
    "vars-absent",
    "post-vars",
    "resp-vars",
    "empty-var-name",
    "manyask",
  ]) {
    const asked = observed(label).script?.ask ?? [];
    for (const [i, [, name = ""]] of asked.slice(0, 10).entries()) {
      const file = `apisix-${label}.extra-info-${String(i + 1).padStart(2, "0")}.bin`;
      if (name === NOT_TOLD || (label === "manyask" && i > 1)) continue;
      test(`${label}: ${name}`, () => {
        const value = requestVariable(name, clientRequest(observed(label)), ORIGIN);
        const answer = decodeExtraInfo(payloadOf(file));
        expect(value === undefined ? undefined : String(bytesOf(value))).toEqual(
          answer === undefined ? undefined : String(answer),
        );
      });
    }
  }
});

describe("what no recording has", () => {
  const cases: [name: string, value: string | Uint8Array | undefined][] = [
    ["uri", "/a b/c"],
    ["document_uri", "/a b/c"],
    ["request_uri", "/a b/c?x=1&x=2&flag&n=%C3%A9"],
    ["real_request_uri", "/a%20b//c?x=1&x=2&flag&n=%C3%A9#f"],
    ["args", "x=1&x=2&flag&n=%C3%A9"],
    ["query_string", "x=1&x=2&flag&n=%C3%A9"],
    ["arg_x", "1"],
    ["arg_flag", "true"],
    ["arg_n", "é"],
    ["arg_none", undefined],
    ["host", "example.org"],
    ["http_host", "Example.org:81"],
    ["http_x_multi", "a, b"],
    ["http_cookie", "a=1; b=2; c=a=b"],
    ["cookie_b", "2"],
    ["cookie_c", "a=b"],
    ["cookie_d", undefined],
    ["http_x_raw", new Uint8Array([0xff])],
    ["content_type", "text/x"],
    ["request_method", "PUT"],
    ["method", "PUT"],
    ["scheme", "http"],
    ["remote_addr", "127.0.0.1"],
    ["server_port", "9080"],
    ["constructor", undefined],
  ];

  const target = "/a%20b//c?x=1&x=2&flag&n=%C3%A9#f";
  const request: ClientRequest = {
    method: "PUT",
    target,
    ...parseTarget(target),
    headers: [
      { name: "host", value: "Example.org:81" },
      { name: "x-multi", value: "a" },
      { name: "x-multi", value: "b" },
      { name: "cookie", value: "a=1; b=2" },
      { name: "cookie", value: "c=a=b" },
      { name: "x-raw", value: new Uint8Array([0xff]) },
      { name: "content-type", value: "text/x" },
    ],
  };

  for (const [name, value] of cases) {
    test(name, () => {
      expect(requestVariable(name, request, ORIGIN)).toEqual(value);
    });
  }
});
