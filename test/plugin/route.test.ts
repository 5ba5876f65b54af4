import { expect, test } from "bun:test";
import { parseRoute } from "../../src/plugin/route.ts";

test.each([
  ["route#r-plain#ext-plugin-pre-req#1795336643", { id: "r-plain", plugin: "ext-plugin-pre-req" }],
  ["global_rule#1#ext-plugin-post-req#17", { globalRule: "1", plugin: "ext-plugin-post-req" }],
  [
    "route&service#r-svc&svc1#ext-plugin-pre-req#1&2",
    { id: "r-svc", service: "svc1", plugin: "ext-plugin-pre-req" },
  ],
  [
    "route&consumer#r-auth&jack#ext-plugin-post-req#1&2",
    { id: "r-auth", consumer: "jack", plugin: "ext-plugin-post-req" },
  ],
  ["route#r-pc#ext-plugin-post-resp#1#2", { id: "r-pc", plugin: "ext-plugin-post-resp" }],
  [
    "route&service&consumer&consumer_group#r&s&c&g#ext-plugin-pre-req#1&2&3&4",
    { id: "r", service: "s", consumer: "c", consumerGroup: "g", plugin: "ext-plugin-pre-req" },
  ],
  ["", {}],
  ["something else", {}],
  ["toString#x#constructor#1", {}],
])("%s", (key, expected) => {
  const route = parseRoute(key);
  expect<object>(route).toEqual({ key: key.split("#").slice(0, 3).join("#"), ...expected });
  expect(Object.isFrozen(route)).toBe(true);
});
