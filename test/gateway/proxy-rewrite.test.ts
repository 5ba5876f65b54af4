import { describe, expect, test } from "bun:test";
import { parseTarget } from "../../src/gateway/effect.ts";
import {
  type PassingRequest,
  passingRequest,
  upstreamTarget,
} from "../../src/gateway/passing-request.ts";
import { proxyRewritten } from "../../src/gateway/proxy-rewrite.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";

describe("the target", () => {
  const cases: [name: string, conf: object, target: string, upstream: string][] = [
    ["uri", { uri: "/new" }, "/old?a=1", "/new?a=1"],
    ["uri with arguments", { uri: "/new?b=2" }, "/old?a=1", "/new?b=2&a=1"],
    ["uri with a variable", { uri: "/new$uri" }, "/o%20ld", "/new/o%20ld"],
    ["a question mark in a variable", { uri: "/new$uri" }, "/o%3Fld", "/new/o%253Fld"],
    ["regex_uri", { regex_uri: ["^/a/(.*)", "/b/$1"] }, "/a/x%20y?c=1", "/b/x%20y?c=1"],
    ["regex_uri with arguments", { regex_uri: ["^/(\\w+)", "/b?n=$1"] }, "/a?c=1", "/b?n=a&c=1"],
    ["the first that matches", { regex_uri: ["^/x", "/1", "^/a", "/2", "^/", "/3"] }, "/a", "/2"],
    ["none that matches", { regex_uri: ["^/x", "/1"] }, "/a?b", "/a?b"],
    ["uri before regex_uri", { uri: "/u", regex_uri: ["^/", "/r"] }, "/a", "/u"],
    ["neither", { host: "h" }, "/a%2fb//c", "/a/b/c"],
  ];
  for (const [name, conf, target, upstream] of cases) {
    test(name, () => {
      expect(upstreamTarget(rewritten(conf, target))).toBe(upstream);
    });
  }
});

test("host goes to the upstream, not into the headers", () => {
  const { upstreamHost, headers } = rewritten({ host: "up.example" }, "/");
  expect(upstreamHost).toBe("up.example");
  expect(headers).toContainEqual({ name: "host", value: "gw.example" });
});

test("method", () => {
  expect(rewritten({ method: "PUT" }, "/").method).toBe("PUT");
});

describe("headers", () => {
  const cases: [name: string, headers: object, lines: string[]][] = [
    ["the old notation sets", { "X-A": "new", "X-C": 3 }, ["x-b: b", "X-A: new", "X-C: 3"]],
    ["add", { add: { "X-A": ["1", "2"] } }, ["x-a: a", "x-b: b", "X-A: 1", "X-A: 2"]],
    ["set", { set: { "X-A": "$arg_v" } }, ["x-b: b", "X-A: of the query"]],
    ["set to nothing", { set: { "X-A": "$arg_none" } }, ["x-b: b"]],
    ["remove", { remove: ["X-A"] }, ["x-b: b"]],
    ["what the pattern found", { set: { "X-A": "$1-${2}" } }, ["x-b: b", "X-A: one-two"]],
  ];
  for (const [name, headers, lines] of cases) {
    test(name, () => {
      const regex_uri = ["^/(\\w+)/(\\w+)", "/"];
      const after = rewritten({ headers, regex_uri }, "/one/two");
      const shown = after.headers.map((line) => `${line.name}: ${String(line.value)}`);
      expect(shown.slice(1)).toEqual(lines);
    });
  }
});

function rewritten(conf: object, target: string): PassingRequest {
  const route = { id: 1, uri: "/", plugins: { "proxy-rewrite": conf } };
  const { routes, warnings } = parseRoutes(`${JSON.stringify({ routes: [route] })}\n#END`);
  expect(warnings).toEqual([]);
  const request = passingRequest({
    method: "GET",
    target,
    ...parseTarget(target),
    headers: [
      { name: "host", value: "gw.example" },
      { name: "x-a", value: "a" },
      { name: "x-b", value: "b" },
    ],
  });
  const vars: Record<string, string | undefined> = { arg_v: "of the query" };
  return proxyRewritten(request, routes[0]!.proxyRewrite!, (name) =>
    name === "uri" ? request.uri : vars[name],
  );
}
