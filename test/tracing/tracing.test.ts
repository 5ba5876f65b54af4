/** Spans of the executable, as a collector gets them. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { connectRunner, type RunnerClient } from "../../src/gateway/client.ts";
import type { RequestReply } from "../../src/gateway/decode-replies.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { Collector } from "./collector.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const NOT_SAMPLED = `00-${TRACE}-${PARENT}-00`;

const PLUGINS: Readonly<Record<string, string>> = {
  pass: `{ request() {}, response() {} }`,
  answer: `{ async request() { await 0; return stop("hi", { status: 201 }); } }`,
  fail: `{ request() { throw new TypeError("on purpose"); }, async response() { throw new Error("later, on purpose"); } }`,
  late: `{ timeout: 5, request: () => new Promise(() => {}) }`,
  refuse: `{ request() { throw new HttpError(403, "no"); } }`,
  ask: `{ async request({ vars }) { await vars.get("host"); } }`,
  shows: `{ request: ({ request }) => stop(String(request.headers.get("traceparent"))) }`,
};

let plugins: TempDir;
let collector: Collector;
let runner: RunnerProcess;
let client: RunnerClient;

beforeEach(() => {
  plugins = new TempDir();
  for (const [name, code] of Object.entries(PLUGINS)) {
    const imports = `import { HttpError, stop } from "apisix-bun-runner";`;
    plugins.write(`${name}.ts`, `${imports}\nexport default ${code};\n`);
  }
  collector = new Collector();
});

afterEach(async () => {
  client.close();
  await runner[Symbol.asyncDispose]();
  collector[Symbol.dispose]();
  plugins[Symbol.dispose]();
});

/** @param args beside those that turn traces on */
async function start(
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<void> {
  runner = await RunnerProcess.start({
    args: [
      "start",
      "--plugins",
      plugins.path,
      "--log-level",
      "info",
      "--tracing-endpoint",
      collector.url,
      ...args,
    ],
    env,
  });
  client = await connectRunner(runner.socket);
}

/** @param traceparent of the request */
async function request(
  names: string,
  traceparent?: string,
  tracestate?: string,
): Promise<RequestReply | undefined> {
  const conf = names.split(" ").map((name) => ({ name, value: "{}" }));
  const confToken = await client.prepareConf("route&service#r1&s1#ext-plugin-pre-req#1", conf);
  const headers = [
    ...(traceparent === undefined ? [] : [{ name: "traceparent", value: traceparent }]),
    ...(tracestate === undefined ? [] : [{ name: "tracestate", value: tracestate }]),
  ];
  const call = client.httpReqCall(
    { id: 1, method: "GET", path: "/", confToken, headers },
    { vars: { host: "h" } },
  );
  return (await call.catch(() => undefined))?.reply;
}

async function response(names: string, vars: Record<string, string> = {}): Promise<number> {
  const conf = names.split(" ").map((name) => ({ name, value: "{}" }));
  const confToken = await client.prepareConf("route#r1#ext-plugin-post-resp#1", conf);
  const headers = [{ name: "a", value: "b" }];
  const { questions } = await client.httpRespCall(
    { id: 1, status: 200, headers, confToken },
    { vars },
  );
  return questions.length;
}

test("a call's span joins the request's trace, and its plugins' spans lie below it", async () => {
  await start();
  await request("pass answer pass", SAMPLED, "vendor=abc");
  const spans = await collector.received(3);
  const [call, pass, answer] = ["ext-plugin-pre-req", "pass", "answer"].map((name) =>
    spans.find((span) => span.name === name),
  );
  expect(spans).toHaveLength(3);
  for (const span of spans) expect(span.traceId).toBe(TRACE);
  expect(call).toMatchObject({
    parentSpanId: PARENT,
    kind: 2,
    traceState: "vendor=abc",
    status: {},
  });
  expect(call?.attributes).toEqual({
    "apisix.runner.phase": "request",
    "apisix.route.id": "r1",
    "apisix.service.id": "s1",
    "apisix.runner.result": "stop",
    "apisix.runner.stopped_by": "answer",
    "http.response.status_code": 201,
  });
  for (const span of [pass, answer])
    expect(span).toMatchObject({ parentSpanId: call?.spanId, kind: 1 });
  expect(pass?.attributes).toEqual({
    "apisix.runner.plugin": "pass",
    "apisix.runner.outcome": "passed",
  });
  expect(answer?.attributes).toEqual({
    "apisix.runner.plugin": "answer",
    "apisix.runner.outcome": "stopped",
  });
  const time = (at: string | undefined) => BigInt(at ?? "0");
  expect(time(pass?.endTimeUnixNano)).toBeGreaterThanOrEqual(time(pass?.startTimeUnixNano));
  expect(time(call?.endTimeUnixNano)).toBeGreaterThanOrEqual(time(answer?.endTimeUnixNano));
  expect(call?.resource).toMatchObject({
    "service.name": "apisix-bun-runner",
    "service.version": expect.any(String),
    "process.pid": runner.process.pid,
  });
});

describe("what is traced", () => {
  test("a request that is not sampled is not, whatever tracing.sample says", async () => {
    await start(["--tracing-sample", "1"]);
    await request("pass", NOT_SAMPLED);
    await response("pass", { http_traceparent: NOT_SAMPLED });
    await request("refuse", SAMPLED);
    await collector.span("ext-plugin-pre-req");
    expect(collector.spans.map(({ name }) => name).sort()).toEqual([
      "ext-plugin-pre-req",
      "refuse",
    ]);
  });

  test("one that is sampled is, whatever tracing.sample says", async () => {
    await start(["--tracing-sample", "0"]);
    await request("refuse");
    await response("pass");
    await request("pass", SAMPLED);
    await collector.span("ext-plugin-pre-req");
    expect(collector.spans.map(({ name }) => name).sort()).toEqual(["ext-plugin-pre-req", "pass"]);
  });

  test.each([undefined, "", "nonsense", `00-${"0".repeat(32)}-${PARENT}-01`, `${SAMPLED}-more`])(
    "traceparent %p begins a trace",
    async (traceparent) => {
      await start();
      await request("pass", traceparent);
      const call = await collector.span("ext-plugin-pre-req");
      expect(call.traceId).toMatch(/^[\da-f]{32}$/);
      expect(call.traceId).not.toBe(TRACE);
      expect(call.parentSpanId ?? "").toBe("");
    },
  );
});

describe("the response phase", () => {
  test("asks for the trace of its request", async () => {
    await start();
    expect(
      await response("pass", { http_traceparent: SAMPLED, http_tracestate: "vendor=abc" }),
      // And for the method, since the response is changed.
    ).toBe(2 + 1);
    const call = await collector.span("ext-plugin-post-resp");
    expect(call).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, traceState: "vendor=abc" });
    expect(call.attributes).toMatchObject({
      "apisix.runner.phase": "response",
      "apisix.runner.result": "passed",
    });
    const pass = await collector.span("pass");
    expect(pass).toMatchObject({ traceId: TRACE, parentSpanId: call.spanId });
  });

  test("fails with an error", async () => {
    await start();
    await response("fail", { http_traceparent: SAMPLED });
    const call = await collector.span("ext-plugin-post-resp");
    expect(call.status).toEqual({ code: 2, message: "later, on purpose" });
    expect(call.attributes).toMatchObject({ "apisix.runner.result": "error" });
  });

  test("whose client goes while it is asked for", async () => {
    await start();
    const conf = [{ name: "pass", value: "{}" }];
    const confToken = await client.prepareConf("route#r1#ext-plugin-post-resp#1", conf);
    const asked = Promise.withResolvers<void>();
    const call = client.httpRespCall({ id: 1, status: 200, headers: [], confToken }, () => {
      asked.resolve();
      return new Promise(() => undefined);
    });
    call.catch(() => undefined);
    await asked.promise;
    client.close();
    expect((await collector.span("ext-plugin-post-resp")).attributes).toMatchObject({
      "apisix.runner.result": "gone",
    });
    client = await connectRunner(runner.socket);
    await request("pass", SAMPLED);
    expect((await collector.span("pass")).traceId).toBe(TRACE);
  });
});

describe("errors", () => {
  test("what a plugin throws is recorded on its span and its call's", async () => {
    await start();
    await request("fail", SAMPLED);
    const [plugin, call] = [
      await collector.span("fail"),
      await collector.span("ext-plugin-pre-req"),
    ];
    for (const span of [plugin, call]) {
      expect(span.status).toEqual({ code: 2, message: "on purpose" });
      expect(span.events).toEqual([
        {
          name: "exception",
          attributes: expect.objectContaining({
            "exception.type": "TypeError",
            "exception.message": "on purpose",
            "exception.stacktrace": expect.stringContaining("fail.ts"),
          }),
        },
      ]);
    }
    expect(plugin.attributes).toMatchObject({ "apisix.runner.outcome": "failed" });
    expect(call.attributes).toMatchObject({ "apisix.runner.result": "error" });
  });

  test("a timeout is one, an HttpError is none", async () => {
    await start();
    await request("late", SAMPLED);
    await request("refuse", SAMPLED);
    const late = await collector.span("late");
    expect(late.attributes).toMatchObject({ "apisix.runner.outcome": "timeout" });
    expect(late.status.code).toBe(2);
    const refuse = await collector.span("refuse");
    expect(refuse.attributes).toMatchObject({ "apisix.runner.outcome": "stopped" });
    expect(refuse.status.code ?? 0).toBe(0);
  });
});

test("what a plugin asks of APISIX is an event on its span", async () => {
  await start();
  await request("ask", SAMPLED);
  expect((await collector.span("ask")).events).toEqual([
    {
      name: "extra info",
      attributes: { "apisix.runner.kind": "var", "apisix.runner.duration_ms": expect.any(Number) },
    },
  ]);
});

describe("tracing.propagate", () => {
  const traceparentOf = (reply: RequestReply | undefined): string | undefined => {
    if (reply?.kind !== "rewrite") return undefined;
    const found = reply.headers.find(({ name }) => String(name) === "traceparent");
    return found && String(found.value);
  };

  test("a request without a traceparent gets that of the call's span", async () => {
    await start(["--tracing-propagate"]);
    const given = traceparentOf(await request("pass"));
    const call = await collector.span("ext-plugin-pre-req");
    expect(given).toBe(`00-${call.traceId}-${call.spanId}-01`);
  });

  test("one that has one keeps it", async () => {
    await start(["--tracing-propagate"]);
    expect((await request("pass", SAMPLED))?.kind).toBe("continue");
  });

  test("one that is not traced is told so", async () => {
    await start(["--tracing-propagate", "--tracing-sample", "0"]);
    expect(traceparentOf(await request("pass"))).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  });

  test("by default nothing is changed", async () => {
    await start();
    expect((await request("pass"))?.kind).toBe("continue");
  });
});

describe("a plugin with the OpenTelemetry API", () => {
  beforeEach(() => {
    // As an author installs it: a copy of its own, beside the plugins.
    const api = "node_modules/@opentelemetry/api";
    cpSync(resolve(import.meta.dir, "../..", api), plugins.file(api), { recursive: true });
    plugins.write(
      "own.ts",
      `import { stop } from "apisix-bun-runner";
       import { context, propagation, trace } from "@opentelemetry/api";
       export default {
         async request() {
           const tracer = trace.getTracer("own");
           trace.getActiveSpan()?.setAttribute("own.attribute", 1);
           await Bun.sleep(1);
           await tracer.startActiveSpan("own work", async (span) => { await 0; span.end(); });
           const carrier = {};
           propagation.inject(context.active(), carrier);
           return stop(JSON.stringify(carrier));
         },
       };`,
    );
  });

  test("finds its hook's span, adds spans of its own, and passes the trace on", async () => {
    await start();
    const reply = await request("own", SAMPLED);
    const [hook, work] = [await collector.span("own"), await collector.span("own work")];
    expect(hook.attributes).toMatchObject({ "own.attribute": 1 });
    expect(work).toMatchObject({ traceId: TRACE, parentSpanId: hook.spanId });
    const body = reply?.kind === "stop" ? Buffer.from(reply.body ?? []).toString() : "";
    expect(JSON.parse(body)).toEqual({ traceparent: `00-${TRACE}-${hook.spanId}-01` });
  });

  test("sees that the request is not sampled", async () => {
    await start();
    const reply = await request("own", NOT_SAMPLED);
    const body = reply?.kind === "stop" ? Buffer.from(reply.body ?? []).toString() : "";
    expect(JSON.parse(body).traceparent).toMatch(new RegExp(`^00-${TRACE}-[\\da-f]{16}-00$`));
  });
});

describe("the collector", () => {
  test("that is away costs no call; one line says so, and one when it is back", async () => {
    const { url } = collector;
    collector[Symbol.dispose]();
    await start();
    for (let i = 0; i < 300; i++) expect((await request("pass", SAMPLED))?.kind).toBe("continue");
    const line = await runner.log.line("spans cannot be sent and are dropped");
    expect(line).toContain(`endpoint=${url}v1/traces`);
    collector = new Collector(Number(new URL(url).port));
    // What comes from now on is sent; what was tried meanwhile is not all lost either.
    while (!runner.log.text.includes("spans are sent again")) {
      await request("pass", SAMPLED);
      await Bun.sleep(20);
    }
    expect(collector.spans.length).toBeGreaterThan(0);
    expect(runner.log.lines.filter((each) => each.includes("cannot be sent"))).toHaveLength(1);
  });

  test("that refuses is told of", async () => {
    collector.answer = () => new Response("no", { status: 400 });
    await start();
    await request("pass", SAMPLED);
    expect(await runner.log.line("spans cannot be sent")).toContain("warn");
  });

  test("gets what is left when the runner goes", async () => {
    await start();
    await request("pass", SAMPLED);
    client.close();
    expect(await runner.stop()).toBe(0);
    expect(collector.spans.map(({ name }) => name).sort()).toEqual(["ext-plugin-pre-req", "pass"]);
  });

  test("that never answers does not keep the runner from going", async () => {
    collector.answer = () => new Promise(() => undefined);
    await start();
    await request("pass", SAMPLED);
    client.close();
    expect(await runner.stop()).toBe(0);
    expect(collector.requests).toBeGreaterThan(0);
  });
});

test("variables of OpenTelemetry name the process, and add headers for the collector", async () => {
  await start([], {
    OTEL_SERVICE_NAME: "gateway-7",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=secret",
  });
  await request("pass", SAMPLED);
  expect((await collector.span("pass")).resource).toMatchObject({
    "service.name": "gateway-7",
    "deployment.environment.name": "test",
  });
  expect(collector.lastHeaders?.get("x-key")).toBe("secret");
});

test("metrics and traces at once", async () => {
  const unix = plugins.file("metrics.sock");
  await start(["--metrics-listen", `unix:${unix}`]);
  await request("pass fail", SAMPLED);
  await response("pass", { http_traceparent: SAMPLED });
  expect(await collector.received(5)).toHaveLength(5);
  const text = await (await fetch("http://localhost/metrics", { unix })).text();
  expect(text).toContain('plugin_calls_total{plugin="fail",phase="request",outcome="failed"} 1');
  expect(text).toContain('calls_total{phase="response",result="nothing"} 1');
  expect(text).toContain('apisix_bun_runner_extra_info_duration_seconds_count{kind="var"}');
});
