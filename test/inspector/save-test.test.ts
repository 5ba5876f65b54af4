/** Tests that are made of what was seen: each passes, whatever the plugins did. */
import { describe, expect, test } from "bun:test";
import type { Inspected } from "../../src/inspector/model.ts";
import { run } from "../support/run.ts";
import { InspectedDev } from "./inspected-dev.ts";

const PLUGINS = {
  rewrites: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async request({ request, responseHeaders, vars, config }) {
        request.path = "/new " + (await vars.get("arg_who"));
        request.headers.delete("x-gone");
        request.headers.set("x-né", "grün");
        request.args.append("list", config.value);
        request.args.delete("bare");
        responseHeaders.append("x-r", (await vars.get("no_such_variable")) ?? "unset");
        request.body = JSON.stringify({ was: await request.text() });
      },
    });`.replace("x-né", "x-utf8"),
  stops: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request: ({ request }) =>
        stop('{"a":[1,{"__proto__":2}]}', {
          status: 403,
          headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-p", request.path]],
        }),
    });`,
  web: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request: async () => Response.json({ web: true }, { status: 418 }) });`,
  throws: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request() { throw new Error("out of \\"luck\\"\\n"); } });`,
  refuses: `
    import { definePlugin, HttpError } from "apisix-bun-runner";
    export default definePlugin({ request() { throw new HttpError(429, "slow down"); } });`,
  goes: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      onError: "continue",
      request({ request }) { request.headers.set("x-before", "1"); throw new Error("never mind"); },
    });`,
  binary: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async request({ request }) { request.body = (await request.bytes()).toReversed(); },
    });`,
  masks: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async response({ response, vars }) {
        response.status = 203;
        response.headers.delete("x-secret");
        response.headers.set("x-status", (await vars.get("status")) ?? "none");
        response.body = (await response.text()).replaceAll("4111", "****");
      },
    });`,
  replaces: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({ response: ({ response }) => response.status === 200 ? stop("replaced") : undefined });`,
  nothing: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request() {}, response() {} });`,
};

const ROUTES = [
  { uri: "/rewrites", pre: { rewrites: { value: "v" } } },
  { uri: "/stops*", pre: { stops: {} } },
  { uri: "/web", pre: { web: {} } },
  { uri: "/throws", pre: { throws: {} } },
  { uri: "/refuses", pre: { refuses: "no JSON" } },
  { uri: "/goes", pre: { goes: {} } },
  { uri: "/binary", pre: { binary: {} } },
  { uri: "/masks", resp: { masks: {} } },
  { uri: "/replaces", resp: { replaces: {} } },
  { uri: "/nothing", pre: { nothing: {} }, post: { nothing: {} }, resp: { nothing: {} } },
  { uri: "/chain", pre: { nothing: {}, rewrites: { value: "v" }, stops: {}, throws: {} } },
];

/** What is sent, and how many calls to the runner come of it. */
const REQUESTS: readonly (readonly [target: string, phases: number, init?: RequestInit])[] = [
  [
    "/rewrites?who=me&list=a&list=b&bare",
    1,
    { method: "POST", body: "böd\u2028y", headers: { "x-gone": "1", "x-two": "a" } },
  ],
  ["/stops/a%20b?x=%ff", 1],
  ["/web", 1],
  ["/throws", 1],
  ["/refuses", 1],
  ["/goes", 1],
  ["/binary", 1, { method: "PUT", body: Uint8Array.of(0, 0xff, 0xfe, 7) }],
  ["/masks", 1],
  ["/replaces", 1],
  ["/nothing?a=1", 3],
  ["/chain?who=me", 1],
];

describe("a test of each", () => {
  test("of what plugins do passes, and so does one of each plugin alone", async () => {
    await using dev = await InspectedDev.start({
      plugins: PLUGINS,
      routes: ROUTES,
      upstream: () =>
        new Response(Bun.gzipSync(Buffer.from("card 4111")), {
          headers: { "content-encoding": "gzip", "x-secret": "s", "content-type": "text/plain" },
        }),
    });
    let tests = 0;
    for (const [i, [target, phases, init]] of REQUESTS.entries()) {
      await (await fetch(dev.url + target, init)).bytes();
      const id = i + 1;
      const seen = await dev.request(id);
      expect([target, seen.phases.length]).toEqual([target, phases]);
      for (const order of ordersFor(seen)) {
        const { error } = await dev.api<{ error?: string }>("test", order);
        expect([target, error]).toEqual([target, undefined]);
        tests++;
      }
    }
    const { stderr, code } = await run(["test"], {
      cwd: dev.dir.path,
      env: { HOME: dev.dir.path },
    });
    expect(stderr).toContain(` ${tests} pass\n 0 fail`);
    expect(code).toBe(0);
  });

  test("of a plugin that is inside the executable is refused, and says why", async () => {
    await using dev = await InspectedDev.start({
      plugins: PLUGINS,
      routes: [{ uri: "/*", pre: { nothing: {}, say: { body: "hi" } } }],
    });
    await dev.get("/");
    const order = { of: 1, phase: 0, save: true };
    expect(await dev.api<object>("test", order)).toEqual({
      error: expect.stringContaining("the plugin say is inside the executable"),
    });
    expect(await dev.api<object>("test", { ...order, plugin: 0 })).toMatchObject({
      file: dev.dir.file("plugins/nothing.seen-1.test.ts"),
    });
    // What is there is never written over.
    expect(await dev.api<object>("test", { ...order, plugin: 0 })).toMatchObject({
      file: dev.dir.file("plugins/nothing.seen-1-2.test.ts"),
    });
  });
});

function ordersFor({ id, phases }: Inspected): object[] {
  return phases.flatMap(({ plugins }, phase) => [
    { of: id, phase, save: true },
    ...plugins.flatMap(({ ran }, plugin) =>
      ran === undefined ? [] : [{ of: id, phase, plugin, save: true }],
    ),
  ]);
}
