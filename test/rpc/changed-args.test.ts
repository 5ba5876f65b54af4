/** Changed arguments reach the upstream, whatever has rewritten the path before; and nothing else is touched by that. */
import { describe, expect, test } from "bun:test";
import { httpReqCallFrame } from "../../src/gateway/encode-calls.ts";
import { definePlugin, type RequestContext } from "../../src/index.ts";
import type { ExtPlugin } from "../../src/plugin/conf-key.ts";
import { OldApisix } from "../../src/rpc/old-apisix.ts";
import { PluginHarness } from "../support/plugin-harness.ts";

const PRE = "ext-plugin-pre-req";
const POST = "ext-plugin-post-req";

const withoutSecret = ({ request }: RequestContext): void => request.args.delete("secret");

interface Case {
  readonly extPlugin: ExtPlugin;
  readonly path: string;
  /** As nginx has it; empty: nothing has rewritten the path. */
  readonly upstreamUri?: string;
  readonly hook?: (context: RequestContext) => void;
}

function harnessOf(hook: (context: RequestContext) => void): PluginHarness {
  return new PluginHarness({ it: definePlugin({ request: hook }) });
}

async function call(
  { extPlugin, path, upstreamUri = "", hook = withoutSecret }: Case,
  harness = harnessOf(hook),
) {
  const args = [
    { name: "z", value: "1" },
    { name: "secret", value: "s" },
  ];
  const { reply, asked, log } = await harness.call(
    { extPlugin, route: "1", conf: [{ name: "it", value: "" }] },
    { vars: { upstream_uri: upstreamUri }, requestBody: undefined, responseBody: undefined },
    (id, confToken) => httpReqCallFrame({ id, method: "GET", path, args, confToken }),
  );
  return {
    reply,
    path:
      "path" in reply && reply.path !== undefined ? Buffer.from(reply.path).toString() : undefined,
    asked: asked.map(({ question }) => question),
    log: log.map(({ text }) => text).join("\n"),
  };
}

const ASKED = [{ kind: "var" as const, name: "upstream_uri" }];

describe.each<ExtPlugin>([PRE, POST])("in %s", (extPlugin) => {
  test.each(["/get", "/a b", "/what?", "/100%", "/100%25"])(
    "the client's own path %j does not go along: APISIX has it as it came, and later plugins may change arguments too",
    async (path) => {
      const { reply, path: sent, asked } = await call({ extPlugin, path });
      expect(reply).toMatchObject({ kind: "rewrite", args: [{ name: "secret" }] });
      expect(sent).toBeUndefined();
      expect(asked).toEqual(ASKED);
    },
  );

  test.each([
    ["/new", "/new"],
    ["/from%20pre", "/from pre"],
    ["/caf%C3%A9/%3f%23%25", "/café/?#%"],
    ["/%7Euser", "/~user"],
    ["/%7Bid%7D%7C%5C%22%3C%3E%5E%60", '/{id}|\\"<>^`'],
  ])("the path %j, rewritten before, goes along decoded: %j", async (path, decoded) => {
    const upstreamUri = `${path}?z=1&secret=s`;
    const { reply, path: sent, asked } = await call({ extPlugin, path, upstreamUri });
    expect(reply).toMatchObject({ kind: "rewrite", args: [{ name: "secret" }] });
    expect(sent).toBe(decoded);
    expect(asked).toEqual(ASKED);
  });

  test.each(["/a%2Fb", "/a%3bb", "/a%5B", "/a%zz", "/a%2"])(
    "the path %j, rewritten before, would become another: the call fails",
    async (path) => {
      const { reply, log } = await call({ extPlugin, path, upstreamUri: `${path}?z=1` });
      expect(reply).toMatchObject({ kind: "error" });
      expect(log).toContain("arguments cannot be changed alone here: the path");
      expect(log).toContain("set request.path as well");
    },
  );
});

test("where APISIX cannot be asked the call fails: a deleted argument could get through", async () => {
  const harness = harnessOf(withoutSecret);
  harness.runner.oldApisix = OldApisix.of("2.8.0", harness.runner.log);
  const { reply, log } = await call({ extPlugin: POST, path: "/get" }, harness);
  expect(reply).toMatchObject({ kind: "error" });
  expect(log).toContain("the value of a variable cannot be asked for");
});

test.each<[string, Case["hook"]]>([
  ["nothing", () => undefined],
  ["a header", ({ request }) => request.headers.set("x-a", "b")],
  [
    "the path as well",
    ({ request }) => {
      request.path = "/mine";
      request.args.delete("secret");
    },
  ],
])("where a plugin changes %s nothing is asked", async (_what, hook) => {
  const { asked, path } = await call({
    extPlugin: PRE,
    path: "/a%20b",
    upstreamUri: "/a%20b",
    hook: hook!,
  });
  expect(asked).toEqual([]);
  expect(path === undefined || path === "/mine").toBe(true);
});
