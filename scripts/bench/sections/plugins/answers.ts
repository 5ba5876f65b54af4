/** Plugins that answer or change a request, and ask nobody for it. */
import { type Cases, type PluginCase, withConf } from "./case.ts";

export function answers(): Cases {
  return { name: "plugins that ask nobody", cases: CASES };
}

const CASES: readonly PluginCase[] = [
  {
    id: "stop",
    title: "stop",
    load: withConf("stop", "stop", { status: 403, body: "not here" }),
    floor: "stop",
    answer: { kind: "stop", status: 403, body: "not here" },
  },
  {
    id: "say",
    title: "say",
    load: withConf("stop", "say", { body: "hello" }),
    floor: "stop",
    answer: { kind: "stop", body: "hello" },
  },
  {
    id: "fault-injection",
    title: "fault-injection, of each request",
    load: withConf("stop", "fault-injection", { http_status: 503, body: "try later" }),
    floor: "stop",
    answer: { kind: "stop", status: 503, body: "try later" },
  },
  {
    id: "rewrite",
    title: "rewrite, path, a header and an argument",
    load: withConf("rewrite", "rewrite", {
      path: "/v2/get",
      headers: { "x-version": "2" },
      args: { page: null },
    }),
    floor: "rewrite",
    answer: {
      kind: "rewrite",
      path: "/v2/get",
      headers: { "x-version": "2" },
      args: { page: null },
    },
  },
  {
    id: "request-body-rewrite",
    title: "request-body-rewrite",
    load: withConf("rewrite", "request-body-rewrite", { new_body: "hello" }),
    floor: "rewrite",
    answer: { kind: "rewrite", body: "hello" },
  },
  {
    id: "limit-req",
    title: "limit-req, below the rate",
    load: withConf("none", "limit-req", { rate: 1e9, burst: 1e9 }),
    floor: "none",
    answer: { kind: "continue" },
  },
  {
    id: "canary",
    title: "canary, by a header",
    load: withConf("rewrite", "canary", {
      by: "header:x-request-id",
      variants: [
        { name: "v1", weight: 95 },
        { name: "v2", weight: 5 },
      ],
    }),
    floor: "rewrite",
    answer: { kind: "rewrite", headers: { "x-variant": "v1" } },
  },
  {
    id: "limit-count",
    title: "limit-count, in memory",
    load: withConf("rewrite", "limit-count", { count: 1e12, window: 60 }),
    floor: "rewrite",
    answer: {
      kind: "rewrite",
      responseHeaders: { "ratelimit-policy": '"1000000000000-per-60s";q=1000000000000;w=60' },
    },
  },
];
