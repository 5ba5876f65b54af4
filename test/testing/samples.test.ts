/** Samples: what each says, and how a mismatch reads. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { Base, definePlugin, type PluginRequest, type PluginSample, stop } from "apisix-bun-runner";
import { PluginLoadError, runSamples, testSamples } from "apisix-bun-runner/testing";
import * as v from "valibot";
import { TempDir } from "../support/temp-dir.ts";

const ROOT = resolve(import.meta.dir, "../..");

const gate = (samples: readonly PluginSample[]) =>
  definePlugin({
    name: "gate",
    config: v.strictObject({ key: v.optional(v.string()), n: v.optional(v.number()) }),
    samples,
    async request({ request, responseHeaders, vars, log }) {
      if (request.path === "/broken") throw new Error("broken");
      if (request.headers.get("x-key") !== "k") {
        log.info("no key");
        return stop('{"error":"no key"}', { status: 401, headers: { "X-Why": "key" } });
      }
      if (request.path === "/open") return;
      request.path = "/inner";
      request.args.set("user", (await vars.get("consumer_name")) ?? "nobody");
      request.headers.delete("x-key");
      responseHeaders.set("x-seen", "1");
    },
    response({ response }) {
      response.headers.set("x-seen", "1");
    },
  });

/** What is wrong with one sample. */
async function wrong(sample: PluginSample): Promise<readonly string[]> {
  const [result] = await runSamples(gate([sample]));
  expect(result?.passed).toBe(result?.differences.length === 0);
  return result?.differences ?? ["no result"];
}

const KEY = { "X-Key": "k" };
const IN = { path: "/get?a=1", headers: KEY };

describe("a sample that holds", () => {
  test.each<[string, PluginSample]>([
    ["says that a conf is valid", { config: { n: 1 } }],
    ["says that a conf is refused", { config: { n: "1" }, expect: { configError: "n: " } }],
    ["says how a conf is refused", { config: { m: 1 }, expect: { configError: /no such field$/ } }],
    ["says nothing but that a call does not fail", { request: "/get" }],
    ["needs no request", { expect: { action: "stop", status: 401 } }],
    [
      "says what the client gets",
      { request: "/get", expect: { headers: { "x-why": "key", etag: null }, body: /no key/ } },
    ],
    ["takes a body for JSON", { request: "/get", expect: { body: { error: "no key" } } }],
    [
      "says what the upstream gets",
      {
        request: IN,
        vars: { consumer_name: "jack" },
        expect: {
          action: "rewrite",
          method: "GET",
          path: "/inner",
          args: { user: /^j/, a: "1", b: null },
          headers: { "x-key": null, host: "localhost" },
          responseHeaders: { "x-seen": "1", "x-other": null },
          body: "",
        },
      },
    ],
    ["expects an error", { request: "/broken", expect: { action: "error", status: 503 } }],
    [
      "has a response",
      {
        response: { status: 404, body: "x", request: "/get" },
        expect: { action: "rewrite", status: 404, headers: { "x-seen": "1" }, body: "x" },
      },
    ],
  ])("%s", async (_, sample) => {
    expect(await wrong(sample)).toEqual([]);
  });
});

describe("a sample that does not hold says what is different", () => {
  test.each<[PluginSample, string[]]>([
    [{ request: "/", expect: { status: 200 } }, ["expected status 200, got 401"]],
    [
      { request: "/", expect: { action: "continue" } },
      ['expected continue, got stop: status 401, body "{\\"error\\":\\"no key\\"}"'],
    ],
    [
      { request: "/", expect: { headers: { "x-why": null, etag: "1", "x-a": /b/ }, body: "x" } },
      [
        'expected header x-why none, got "key"',
        'expected header etag "1", got none',
        "expected header x-a matching /b/, got none",
        'expected body "x", got "{\\"error\\":\\"no key\\"}"',
      ],
    ],
    [
      { request: "/", expect: { body: { error: "none" } } },
      ['expected the JSON body {"error":"none"}, got {"error":"no key"}'],
    ],
    [
      {
        request: IN,
        expect: {
          method: "POST",
          path: "/get",
          args: { user: "jack", a: null },
          responseHeaders: { "x-seen": null },
        },
      },
      [
        "expected method POST, got GET",
        "expected path /get, got /inner",
        'expected argument user "jack", got "nobody"',
        'expected argument a none, got "1"',
        'expected response header x-seen none, got "1"',
      ],
    ],
    [
      { request: { ...IN, path: "/open" }, expect: { status: 200, body: [] } },
      [
        "expected status 200, got continue: nothing was changed",
        'expected the JSON body [], got ""',
      ],
    ],
    [
      { request: "/", expect: { path: "/" } },
      [
        'expected a request that goes upstream, got stop: status 401, body "{\\"error\\":\\"no key\\"}"',
      ],
    ],
    [{ request: "/broken" }, ["expected no error, got error: broken"]],
    [
      { config: { n: 1 }, expect: { configError: "n" } },
      ["expected the conf to be refused (n), but it is valid"],
    ],
    [
      { request: "get" },
      ['"get" is neither a path that starts with a slash nor a URL of http or https'],
    ],
    [
      { request: "/", response: {} },
      ["a sample has a request or a response; the request of a response goes into it"],
    ],
  ])("%j", async (sample, differences) => {
    expect(await wrong(sample)).toEqual(differences);
  });

  test("a conf that is refused, or for another reason", async () => {
    const refusal = 'plugin gate refuses the conf {"n":"1"}: n: ';
    expect((await wrong({ config: { n: "1" } }))[0]).toStartWith(refusal);
    const [other] = await wrong({ config: { n: "1" }, expect: { configError: "m: " } });
    expect(other).toStartWith(`expected the conf to be refused (m: ), got ${refusal}`);
  });
});

test("samples have names, results have the log", async () => {
  const results = await runSamples(
    gate([{ name: "locked", request: "/" }, { config: { key: "k".repeat(100) } }, {}]),
  );
  expect(results.map(({ name }) => name)).toEqual([
    "locked",
    `sample 2: {"key":"${"k".repeat(72)}…`,
    "sample 3: without a conf",
  ]);
  expect(results[0]?.log).toEqual([expect.stringContaining("info no key plugin=gate")]);
});

test("a class has them as static samples, a plugin of the response phase needs no response", async () => {
  class Shut extends Base {
    static override readonly samples: readonly PluginSample[] = [{ expect: { status: 403 } }];

    override filter(_request: PluginRequest) {
      return stop(null, { status: 403 });
    }
  }
  expect(await runSamples(Promise.resolve({ default: Shut }))).toMatchObject([{ passed: true }]);
  const answer = definePlugin({
    samples: [{ expect: { action: "continue", status: 200 } }],
    response() {},
  });
  expect(await runSamples(answer)).toMatchObject([{ passed: true }]);
});

test("each sample has a state of its own", async () => {
  const counting = definePlugin({
    samples: [{ expect: { body: "1" } }, { expect: { body: "1" } }],
    setup: () => ({ count: 0 }),
    request: ({ state }) => stop(String(++state.count)),
  });
  expect((await runSamples(counting)).map(({ passed }) => passed)).toEqual([true, true]);
});

test("a plugin without samples has no results, and no tests to make", async () => {
  const plain = definePlugin({ request() {} });
  expect(await runSamples(plain)).toEqual([]);
  await expect(testSamples(plain)).rejects.toThrow("the plugin has no samples");
});

test.each([["text"], [[1]], [{ config: 1 }]])("samples that are none: %j", async (samples) => {
  const plugin = { samples: samples as unknown, request() {} };
  const broken = runSamples(plugin as Parameters<typeof runSamples>[0]);
  await expect(broken).rejects.toBeInstanceOf(PluginLoadError);
  await expect(broken).rejects.toThrow("has samples that are no list of objects");
});

test("testSamples fails with the differences and the log", async () => {
  using dir = new TempDir();
  const [kit, sdk] = ["testing.ts", "index.ts"].map((file) => resolve(ROOT, "src", file));
  dir.write(
    "it.test.ts",
    `import { definePlugin, stop } from ${JSON.stringify(sdk)};
     import { testSamples } from ${JSON.stringify(kit)};
     const request = ({ log }) => (log.warn("odd"), stop("", { status: 401 }));
     await testSamples(definePlugin({ name: "it", samples: [{ expect: { status: 200 } }, {}], request }));`,
  );
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "test"], {
    cwd: dir.path,
    env: { ...process.env, NO_COLOR: "1" },
  });
  const output = stderr.toString();
  expect(exitCode).toBe(1);
  expect(output).toContain("expected status 200, got 401\n  warn odd plugin=it");
  expect(output).toContain("(fail) sample 1: without a conf");
  expect(output).toContain("(pass) sample 2: without a conf");
});

await testSamples(gate([{ name: "testSamples makes a test of each", expect: { status: 401 } }]));
