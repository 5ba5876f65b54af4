import { describe, expect, test } from "bun:test";
import { NodePicker } from "../../src/gateway/node-picker.ts";
import { parseRoutes, type RouteTable } from "../../src/gateway/routes.ts";

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly host?: string;
  readonly vars?: Readonly<Record<string, string>>;
}

describe("which route a request gets", () => {
  const uris = table(
    { id: "exact", uri: "/a" },
    { id: "prefix", uri: "/a*" },
    { id: "long", uri: "/a/b/*" },
    { id: "two", uris: ["/x", "/y/*"] },
    { id: "all", uri: "/*" },
  );
  check("by uri", uris, [
    [{ path: "/a" }, "exact"],
    [{ path: "/ab" }, "prefix"],
    [{ path: "/a/b/c" }, "long"],
    [{ path: "/a/b" }, "prefix"],
    [{ path: "/x" }, "two"],
    [{ path: "/y/1" }, "two"],
    [{ path: "/y" }, "all"],
  ]);

  const methods = table(
    { id: "get", uri: "/a", methods: ["GET", "HEAD"] },
    { id: "rest", uri: "/*", methods: ["POST"] },
  );
  check("by method", methods, [
    [{ path: "/a" }, "get"],
    [{ path: "/a", method: "POST" }, "rest"],
    [{ path: "/a", method: "PUT" }, undefined],
  ]);

  const hosts = table(
    { id: "any", uri: "/a" },
    { id: "wide", uri: "/*", hosts: ["*.example.org"] },
    { id: "narrow", uri: "/*", host: "*.b.example.org" },
    { id: "exact", uri: "/*", host: "b.example.org" },
    { id: "path", uri: "/only", host: "c.example.org" },
  );
  check("by host before the path", hosts, [
    [{ path: "/a" }, "any"],
    [{ path: "/a", host: "x.example.org" }, "wide"],
    [{ path: "/a", host: "x.b.example.org" }, "narrow"],
    [{ path: "/a", host: "b.example.org" }, "exact"],
    [{ path: "/a", host: "c.example.org" }, "wide"],
    [{ path: "/only", host: "c.example.org" }, "path"],
    [{ path: "/a", host: "example.org" }, "any"],
    [{ path: "/b", host: "example.org" }, undefined],
  ]);

  const priorities = table(
    { id: "low", uri: "/a" },
    { id: "high", uri: "/a", priority: 1 },
    { id: "longer", uri: "/a/*" },
    { id: "shorter", uri: "/*", priority: 9 },
  );
  check("by priority where the path is the same", priorities, [
    [{ path: "/a" }, "high"],
    [{ path: "/a/b" }, "longer"],
  ]);

  const vars = table(
    { id: "equal", uri: "/1", vars: [["arg_a", "==", "x"]] },
    { id: "number", uri: "/2", vars: [["arg_a", "==", 2]] },
    { id: "not", uri: "/3", vars: [["arg_a", "~=", "x"]] },
    { id: "more", uri: "/4", vars: [["arg_a", ">", 10]] },
    { id: "less", uri: "/5", vars: [["arg_a", "<=", 10]] },
    { id: "matches", uri: "/6", vars: [["arg_a", "~~", "^[a-f]+$"]] },
    { id: "any case", uri: "/7", vars: [["arg_a", "~*", "^abc$"]] },
    { id: "one of", uri: "/8", vars: [["arg_a", "in", ["x", "y"]]] },
    {
      id: "both",
      uri: "/9",
      vars: [
        ["arg_a", "==", "x"],
        ["arg_b", "==", "y"],
      ],
    },
  );
  const of = (path: string, a?: string, b?: string): Asked => ({
    path,
    vars: { ...(a !== undefined && { arg_a: a }), ...(b !== undefined && { arg_b: b }) },
  });
  check("by vars", vars, [
    [of("/1", "x"), "equal"],
    [of("/1", "y"), undefined],
    [of("/1"), undefined],
    [of("/2", "02"), "number"],
    [of("/3"), "not"],
    [of("/3", "x"), undefined],
    [of("/4", "11"), "more"],
    [of("/4", "9"), undefined],
    [of("/4"), undefined],
    [of("/5", "10"), "less"],
    [of("/6", "abc"), "matches"],
    [of("/6", "xyz"), undefined],
    [of("/7", "ABC"), "any case"],
    [of("/8", "y"), "one of"],
    [of("/8", "z"), undefined],
    [of("/9", "x", "y"), "both"],
    [of("/9", "x"), undefined],
  ]);
});

describe("nodes in turn", () => {
  const node = (host: string, weight: number) => ({ host, port: 80, weight });

  test("by weight, spread evenly", () => {
    const picker = new NodePicker([node("a", 3), node("b", 1), node("c", 0)]);
    const hosts = Array.from({ length: 8 }, () => picker.pick()?.host).join("");
    expect(hosts).toBe("aabaaaba");
  });

  test("none of those that have failed, and none without weight", () => {
    const [a, b] = [node("a", 1), node("b", 1)];
    const picker = new NodePicker([a, b, node("c", 0)]);
    expect(picker.pick([a])).toBe(b);
    expect(picker.pick([a, b])).toBeUndefined();
    expect(new NodePicker([node("c", 0)]).pick()).toBeUndefined();
  });
});

function table(...routes: object[]): RouteTable {
  const loaded = parseRoutes(`${JSON.stringify({ routes })}\n#END\n`);
  expect(loaded.warnings).toEqual([]);
  return loaded.table;
}

function check(
  name: string,
  routes: RouteTable,
  cases: readonly (readonly [asked: Asked, id: string | undefined])[],
): void {
  for (const [asked, id] of cases) {
    test(`${name}: ${JSON.stringify(asked)}`, () => {
      const { path, method = "GET", host, vars = {} } = asked;
      const found = routes.find({ method, path, host, variable: (variable) => vars[variable] });
      expect(found?.id).toBe(id);
    });
  }
}
