/** `apisix.version`: what an older APISIX would ignore in silence is an error or a line of the log, from the very release on. */
import { describe, expect, test } from "bun:test";
import { httpReqCallFrame, prepareConfFrame } from "../../src/gateway/encode-calls.ts";
import { definePlugin, stop } from "../../src/index.ts";
import { FEATURES } from "../../src/rpc/apisix-features.ts";
import { OldApisix } from "../../src/rpc/old-apisix.ts";
import { ConnectionEnd } from "../../src/testing/connection-end.ts";
import { keepingLogger, type KeptLine } from "../../src/testing/log-lines.ts";
import { nextReply, prepare, requestBytes } from "../support/encode.ts";
import { type Outcome, PluginHarness } from "../support/plugin-harness.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";

const PLUGINS = {
  plain: definePlugin({ request() {} }),
  vars: definePlugin({
    async request({ vars }) {
      await vars.get("remote_addr");
    },
  }),
  body: definePlugin({
    async request({ request }) {
      await request.text();
    },
  }),
  adds: definePlugin({
    request({ responseHeaders }) {
      responseHeaders.append("x-a", "1");
    },
  }),
  stops: definePlugin({
    request({ responseHeaders }) {
      responseHeaders.append("x-a", "1");
      return stop("body");
    },
  }),
  cookies: definePlugin({
    request: () =>
      stop("body", {
        headers: [
          ["set-cookie", "a=1"],
          ["Set-Cookie", "b=2"],
        ],
      }),
  }),
  both: definePlugin({ request() {}, response() {} }),
  reads: definePlugin({
    async response({ response }) {
      await response.text();
    },
  }),
  types: definePlugin({
    response({ response }) {
      response.headers.set("content-type", "text/plain");
    },
  }),
  replaces: definePlugin({ response: () => stop("body") }),
  sets: definePlugin({
    request({ request }) {
      request.body = "new";
    },
  }),
};

/** What a plugin meets under a version; the same call of each plugin. */
async function under(
  version: string,
  plugin: keyof typeof PLUGINS,
  calls = 1,
): Promise<{ outcome: Outcome; log: string[] }> {
  const harness = new PluginHarness(PLUGINS);
  const { runner } = harness;
  runner.oldApisix = OldApisix.of(version, runner.log);
  const log: string[] = [];
  let outcome: Outcome | undefined;
  for (let i = 0; i < calls; i++) {
    const chain = [[plugin, ""]] as const;
    outcome =
      PLUGINS[plugin].request === undefined
        ? await harness.response(chain, { body: "text", headers: [["Content-Type", "text/html"]] })
        : await harness.request(chain, { vars: { remote_addr: "::1" }, body: "text" });
    log.push(...outcome.log.filter((line) => !line.startsWith("debug ")));
  }
  if (outcome === undefined) throw new Error("no calls");
  return { outcome, log };
}

describe("fails the call, where it would hang on an answer or undo what a plugin did", () => {
  test.each([
    [
      "vars",
      "2.8.0",
      "2.9.0",
      "the value of a variable cannot be asked for: APISIX can do that from 2.9 on",
    ],
    [
      "body",
      "2.11.9",
      "2.12.0",
      "the request's body cannot be asked for: APISIX can do that from 2.12 on",
    ],
    [
      "sets",
      "3.5.0",
      "3.6.0",
      "another request body cannot be sent: the upstream would get the client's",
    ],
  ] as const)("%s under %s, not under %s", async (plugin, before, since, message) => {
    const old = await under(before, plugin);
    expect(old.outcome.reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
    expect(old.outcome.asked).toEqual([]);
    expect(old.log).toHaveLength(1);
    expect(old.log[0]).toContain(message);
    expect(old.log[0]).toContain(`apisix.version is ${before}`);
    expect(old.log[0]).toContain(`plugin=${plugin} route=route#1#ext-plugin-pre-req`);
    const young = await under(since, plugin);
    expect(young.outcome.reply.kind).not.toBe("error");
    expect(young.log).toEqual([]);
  });

  test("a response body under 2.14.1, not under 3.0.0", async () => {
    const old = await under("2.14.1", "reads");
    expect(old.outcome.reply).toMatchObject({ kind: "response", status: 503 });
    expect(old.log[0]).toContain(
      "the response's body cannot be asked for: APISIX can do that from 3.0 on",
    );
    expect((await under("3.0.0", "reads")).outcome.asked).toHaveLength(1);
  });
});

describe("tells once, where something is lost", () => {
  test.each([
    ["adds", "2.12.0", "2.13.0", "a header that is added to the response is lost"],
    ["cookies", "2.14.0", "2.14.1", "all but one of the headers of the same name is lost"],
    ["both", "2.14.0", "2.14.1", "the response phase is never called"],
    ["types", "3.1.0", "3.2.0", "the content-type in the response phase is lost"],
    ["replaces", "3.1.0", "3.2.0", "the content-type in the response phase is lost"],
  ] as const)("%s under %s, not under %s", async (plugin, before, since, message) => {
    const old = await under(before, plugin, 3);
    expect(old.outcome.reply.kind).not.toBe("error");
    expect(old.log).toEqual([
      expect.stringMatching(
        new RegExp(
          `^warn ${message}: APISIX can do that from .* on, and apisix.version is ${before} plugin=${plugin} route=`,
        ),
      ),
    ]);
    expect((await under(since, plugin, 3)).log).toEqual([]);
  });

  test("arguments that change alone, of an APISIX whose confs have no key", async () => {
    const { runner } = new PluginHarness({
      deletes: definePlugin({ request: ({ request }) => request.args.delete("secret") }),
    });
    const log: KeptLine[] = [];
    runner.oldApisix = OldApisix.of(
      "2.8.0",
      keepingLogger((line) => log.push(line)),
    );
    const end = new ConnectionEnd(runner, () => undefined);
    const prepared = await end.call(prepareConfFrame("", [{ name: "deletes", value: "" }]));
    if (prepared.kind !== "conf-token") throw new Error(prepared.kind);
    const args = [{ name: "secret", value: "s" }];
    const request = { id: 1, method: "GET", path: "/new", args, confToken: prepared.token };
    for (let i = 0; i < 2; i++) {
      expect(await end.call(httpReqCallFrame(request))).toMatchObject({ kind: "rewrite" });
    }
    expect(end.asked).toEqual([]);
    expect(log.map(({ text }) => text)).toEqual([
      expect.stringContaining(
        "what was changed of the arguments, where something has rewritten the path before, is lost: APISIX can do that from 2.9 on",
      ),
    ]);
  });

  test("each plugin by itself", async () => {
    const harness = new PluginHarness({ one: PLUGINS.adds, other: PLUGINS.adds });
    const { runner } = harness;
    runner.oldApisix = OldApisix.of("2.12.0", runner.log);
    const warnings = async (plugin: string) => {
      const { log } = await harness.request([[plugin, ""]]);
      return log.filter((line) => line.startsWith("warn ")).length;
    };
    expect([await warnings("one"), await warnings("other")]).toEqual([1, 1]);
    expect([await warnings("one"), await warnings("other")]).toEqual([0, 0]);
  });
});

describe("says nothing", () => {
  test("of a stop, which has its headers in every version", async () => {
    expect((await under("2.7.0", "stops")).log).toEqual([]);
  });

  test("of a plugin that wants nothing", async () => {
    expect((await under("2.7.0", "plain")).log).toEqual([]);
  });

  test("where the version is not told, or lacks nothing", () => {
    const { runner } = new PluginHarness({});
    expect(OldApisix.of(undefined, runner.log)).toBeUndefined();
    expect(OldApisix.of("3.6.0", runner.log)).toBeUndefined();
    expect(OldApisix.of("3.18.0", runner.log)).toBeUndefined();
    expect(OldApisix.of("3.5.9", runner.log)).toBeDefined();
  });
});

test("the executable is told by its settings", async () => {
  await using runner = await RunnerProcess.start({ args: ["--apisix-version", "3.5"] });
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [["request-body-rewrite", '{"new_body":"new"}']]);
  await connection.send(requestBytes({ id: 3, path: "/", confToken }));
  expect(await nextReply(connection)).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
  expect(await runner.log.line("another request body cannot be sent")).toContain(
    "plugin=request-body-rewrite",
  );
});

test("docs/compatibility.md has a row for the release of each feature", async () => {
  const page = await Bun.file(`${import.meta.dir}/../../docs/compatibility.md`).text();
  for (const { since } of Object.values(FEATURES)) {
    expect(page).toContain(`| **${since.replace(/\.0$/, "")}**`);
  }
});
