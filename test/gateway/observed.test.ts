/** Every recorded request to a genuine APISIX, made to the gateway. */
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";
import { decodeHttpReqCall } from "../../src/protocol/calls.ts";
import type { TextEntries } from "../../src/protocol/text-entries.ts";
import { asRecorded, type FrameContents, genuineFrames } from "../support/fixtures.ts";
import { curlRequest } from "./curl.ts";
import { EchoUpstream } from "./echo-upstream.ts";
import { exchange, type RawResponse } from "./http-client.ts";
import { observed, type ObservedCase, observedCases } from "./observed.ts";
import { ScriptedRunner } from "./scripted-runner.ts";

/** Cases that cannot be equal, with the reason. */
const UNEQUAL: Readonly<Record<string, string>> = {
  "resp-big": "the recording holds no response: curl wrote it to /dev/null",
};

/** Written by every server in its own way, or decided by nothing but nginx's framing. */
const NOT_COMPARED = ["date", "server", "connection", "transfer-encoding"];

/** Longer values are shortened in the list of frames. */
const LONG = 1000;

/** The recording cuts a line of a body here. */
const CUT_AT = 1500;

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

const runner = new ScriptedRunner();
let upstream: EchoUpstream;
let gateway: Gateway;
let gateway6: Gateway | undefined;

beforeAll(async () => {
  let port = 0;
  upstream = await EchoUpstream.start({ portShownAs9080: () => port });
  const { table, warnings } = parseRoutes(routesFile(upstream.port));
  expect(warnings).toEqual([]);
  gateway = await startGateway({ port: 0, routes: table, runnerSocket: runner.path });
  ({ port } = gateway);
  if (hasIpv6) {
    const options = { port, host: "::1", routes: table, runnerSocket: runner.path };
    gateway6 = await startGateway(options);
  }
});

afterAll(async () => {
  await gateway.close();
  await gateway6?.close();
  await upstream[Symbol.asyncDispose]();
  runner[Symbol.dispose]();
});

test("the recording has all its cases", () => {
  expect(observedCases).toHaveLength(131);
  expect(Object.keys(UNEQUAL).length).toBeLessThan(5);
});

describe("the client gets what it got from a genuine APISIX", () => {
  for (const recorded of observedCases) {
    if (recorded.label in UNEQUAL) continue;
    const { bytes, method, host } = curlRequest(recorded);
    const isIpv6 = host.startsWith("[");
    const name = isIpv6 ? `${recorded.label} (where the machine has ::1)` : recorded.label;
    test.skipIf(isIpv6 && !hasIpv6)(name, async () => {
      const before = runner.received.length;
      const to = isIpv6 ? "::1" : "127.0.0.1";
      const got = await exchange(gateway.port, bytes, { method, host: to });
      compare(got, final(recorded));
      compareCalls(recorded.label, runner.received.slice(before));
    });
  }
});

test(`resp-big, of which ${UNEQUAL["resp-big"]}, arrives whole`, async () => {
  const { bytes } = curlRequest(observed("resp-big"));
  const { status, body } = await exchange(gateway.port, bytes);
  expect(status).toBe(200);
  expect(body.length).toBe(300_000);
});

interface Expected {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly continued: boolean;
}

/** Where curl was told to go on, the response stands in what was taken for the body. */
function final({ status = 0, headers = [], body = "" }: ObservedCase): Expected {
  if (status !== 100) return { status, headers, body, continued: false };
  const [head = "", ...rest] = body.split("\n\n");
  const [statusLine = "", ...lines] = head.split("\n");
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: lines.map((line) => [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 2),
    ]),
    body: rest.join("\n\n"),
    continued: true,
  };
}

function compare(got: RawResponse, wanted: Expected): void {
  expect(got.status).toBe(wanted.status);
  expect(got.continued).toBe(wanted.continued);
  const isNginxPage = wanted.body.startsWith("<html>");
  const dropped = isNginxPage ? [...NOT_COMPARED, "content-length"] : NOT_COMPARED;
  expect(comparable(got.headers, dropped)).toEqual(comparable(wanted.headers, dropped));
  if (isNginxPage) return;
  const body = got.body.toString("utf8");
  if (!wanted.body.startsWith('{"method"')) {
    expect(body.trimEnd()).toBe(wanted.body.trimEnd());
  } else if (wanted.body.length < CUT_AT) {
    expect(echoed(body)).toEqual(echoed(wanted.body));
  } else {
    // Of what is cut only the beginning can be told, and of two bodies not even their bytes.
    expect(body.slice(0, 300)).toBe(wanted.body.slice(0, 300));
  }
}

function comparable(
  headers: readonly (readonly [string, string])[],
  dropped: readonly string[],
): string[] {
  return headers
    .filter(([name]) => !dropped.includes(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value.replace("\udce9", "\xe9")}`)
    .sort();
}

interface Echo {
  uri: string;
  args: string[][];
  headers: string[][];
}

/** The order in which Lua goes through arguments and headers is its own. */
function echoed(body: string): object {
  const echo = JSON.parse(body) as Echo;
  const [path = "", query = ""] = echo.uri.split(/\?(?!.*\?)/);
  return {
    ...echo,
    uri: [path, ...query.split("&").sort()],
    args: echo.args.sort(),
    headers: echo.headers.sort(),
  };
}

/** What the runner was told, where a genuine frame of the case is there to compare it with. */
function compareCalls(label: string, received: ScriptedRunner["received"]): void {
  const called = genuineFrames.find(({ file }) => file === `apisix-${label}.http-req-call.bin`);
  const request = received.find(({ kind }) => kind === "request");
  if (called) {
    if (request?.kind !== "request") throw new Error("the runner was not called");
    const call = decodeHttpReqCall(request.payload);
    expect(call.path).toBe(called.path!);
    expect(entries(call.args)).toEqual(recordedEntries(called.args));
    expect(entries(call.headers)).toEqual(recordedEntries(called.headers));
    expect(Buffer.from(call.sourceIp ?? []).toString("hex")).toBe(called.src_ip!);
  }
  const answers = received.flatMap((call) => (call.kind === "answer" ? [call.result] : []));
  for (const [i, answer] of answers.entries()) {
    const number = String(i + 1).padStart(2, "0");
    const told = genuineFrames.find(
      ({ file }) => file === `apisix-${label}.extra-info-${number}.bin`,
    );
    if (!told) continue;
    expect(answer?.length ?? 0).toBe(told.result_len!);
    expect(answer !== undefined).toBe(told.present!);
    if (told.result_len === told.result?.length)
      expect(asRecorded(answer) ?? "").toBe(told.result!);
  }
}

function entries(of: TextEntries): string[] {
  return Array.from({ length: of.length }, (_, i) =>
    shown([asRecorded(of.nameBytes(i)) ?? "", asRecorded(of.valueBytes(i))]),
  ).sort();
}

function recordedEntries(of: FrameContents["args"] = []): string[] {
  return of.map(shown).sort();
}

function shown([name, value]: readonly [string, string | null]): string {
  if (name === "x-forwarded-port" && value === String(gateway.port)) return shown([name, "9080"]);
  const isLong = value !== null && value.length > LONG;
  return JSON.stringify([
    name,
    isLong ? `${value.slice(0, 100)}…(${value.length} characters)` : value,
  ]);
}

/** A route for each script of the recording, as that gateway had them. */
function routesFile(port: number): string {
  const scripts = new Map<string, { plugin: string; script: object }>();
  for (const { target, plugin, script } of observedCases) {
    if (plugin === undefined || script === undefined) continue;
    const [, kind, name = ""] = target.split(/[/?]/);
    scripts.set(`/${kind}/${name}`, { plugin, script });
  }
  const routes = [...scripts].map(([path, { plugin, script }], i) => ({
    id: `${i + 1}`,
    uris: [path, `${path}/*`],
    upstream_id: "echo",
    plugins: {
      [plugin]: { conf: [{ name: "probe", value: JSON.stringify(script) }] },
      ...(plugin === "ext-plugin-post-resp" && {
        "proxy-rewrite": { regex_uri: ["^/q/[^/]+(/.*)", "$1"] },
      }),
    },
  }));
  const others = [
    {
      id: "probe3",
      uri: "/p3",
      upstream_id: "echo",
      plugins: {
        "ext-plugin-pre-req": {
          conf: [
            { name: "probe", value: "{}" },
            { name: "second-plugin", value: '{"k":"v","n":[1,2]}' },
            { name: "third", value: "" },
          ],
        },
      },
    },
    { id: "noconf", uri: "/noconf", upstream_id: "echo", plugins: { "ext-plugin-pre-req": {} } },
  ];
  const file = {
    routes: [...routes, ...others],
    upstreams: [{ id: "echo", type: "roundrobin", nodes: { [`127.0.0.1:${port}`]: 1 } }],
  };
  return `${JSON.stringify(file, null, 1)}\n#END\n`;
}
