import { expect, test } from "bun:test";
import { definePlugin } from "apisix-bun-runner";
import { expectAction, type RequestInput, testPlugin } from "apisix-bun-runner/testing";
import * as v from "valibot";
import { valueOf, valueSource } from "./value-source.ts";

const tells = definePlugin({
  name: "tells",
  config: v.strictObject({ source: valueSource }),
  request: async (context) =>
    Response.json({ value: await valueOf(context.config.source, context) }),
});

async function read(source: string, request: RequestInput): Promise<unknown> {
  const plugin = await testPlugin(tells, { config: { source } });
  const result = await plugin.request(request);
  expectAction(result, "stop");
  return result.response.json();
}

const cookie = (value: string): RequestInput => ({ headers: { cookie: value } });

test.each<[source: string, request: RequestInput, value: string | undefined]>([
  ["ip", { ip: "2001:db8::1" }, "2001:db8::1"],
  ["header:X-A", { headers: { "x-a": "1" } }, "1"],
  ["header:x-a", "/", undefined],
  ["header:x-a", { headers: { "x-a": "" } }, undefined],
  ["cookie:a", cookie("b=1; a=2; a=3"), "2"],
  ["cookie:a", cookie("aa=1;a = x=y ;b"), "x=y"],
  ["cookie:a", cookie("a; a="), undefined],
  ["cookie:a", "/", undefined],
  ["arg:a", "/?a=%C3%A4", "ä"],
  ["arg:a", "/?a", undefined],
  ["path:1", "/v1/acme", "v1"],
  ["path:2", "/v1/a%20b", "a b"],
  ["path:3", "/v1/acme/", undefined],
  ["path:9", "/", undefined],
  ["consumer", { vars: { consumer_name: "jack" } }, "jack"],
  ["consumer", "/", undefined],
  ["var:request_method", { method: "PUT" }, "PUT"],
  ["var:mine", { vars: { mine: "" } }, undefined],
])("%s of %j is %j", async (source, request, value) => {
  expect(await read(source, request)).toEqual(value === undefined ? {} : { value });
});

test.each(["", "IP", "header:", "header:a b", "path:0", "path:x", "path:100", "var:", "x:y"])(
  "%j is no source",
  async (source) => {
    const refused = testPlugin(tells, { config: { source } });
    await expect(refused).rejects.toThrow("source: ");
  },
);
