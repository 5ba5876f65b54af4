/** Plugins from folders, loaded by the compiled executable. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { dirname } from "node:path";
import {
  nextReply,
  POST_RESP,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  responseBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const dir = new TempDir();

const FILES = {
  "one/good.ts": `
    import { definePlugin, stop, HttpError } from "apisix-bun-runner";
    import { greet } from "./lib/greet.ts";
    enum Tone { Loud = "!" }
    export default definePlugin({
      description: "Uses a relative import, an enum, and the SDK.",
      request: ({ config }) => { throw new HttpError(418, greet(String(config)) + Tone.Loud); },
    });`,
  "one/lib/greet.ts": `export const greet = (name: string): string => "hello " + name;`,
  "one/class-style.ts": `
    import { Base, type PluginRequest, type StopResponse } from "apisix-bun-runner";
    export default class extends Base<string> {
      override filter(_request: PluginRequest, response: StopResponse) {
        response.body = this.config;
        this.stop();
      }
    }`,
  "one/plain.js": `
    import { stop } from "apisix-bun-runner";
    export default { request: () => stop("from JavaScript") };`,
  "one/in-a-folder/index.ts": `
    import { stop } from "apisix-bun-runner";
    export default { request: () => stop("from a folder") };`,
  "one/packages.ts": `
    import { definePlugin, stop } from "apisix-bun-runner";
    import { viaMain } from "with-main";
    import { viaExports } from "with-exports/deep";
    import * as v from "valibot";
    export default definePlugin({
      config: v.object({ a: v.number() }),
      request: ({ config }) => stop([viaMain, viaExports, config.a].join()),
    });`,
  "one/node_modules/with-main/package.json": `{"name":"with-main","main":"lib/entry.js"}`,
  "one/node_modules/with-main/lib/entry.js": `exports.viaMain = "main";`,
  "one/node_modules/with-exports/package.json": `{"name":"with-exports","type":"module","exports":{"./deep":"./src/d.js"}}`,
  "one/node_modules/with-exports/src/d.js": `export const viaExports = "exports";`,
  "one/good.test.ts": `throw new Error("a test is no plugin");`,
  "one/types.d.ts": `export {};`,

  "one/broken-syntax.ts": `
    import { stop } from "apisix-bun-runner";
    export default { request( };`,
  "one/missing-export.ts": `
    import { stopp } from "apisix-bun-runner";
    export default { request: () => stopp("x") };`,
  "one/missing-package.ts": `
    import left from "left-pad-that-is-not-here";
    export default { request: () => left };`,
  "one/missing-file.ts": `
    import { x } from "./not-here.ts";
    export default { request: () => x };`,
  "one/throws.ts": `
    const limit: number = 3;
    throw new Error("no such table");
    export default { request() {} };`,
  "one/no-default.ts": `export const request = () => undefined;`,
  "one/no-hook.ts": `export default { requst() {} };`,
  "one/other-name.ts": `export default { name: "another-word", request() {} };`,
  "one/camelCase.ts": `
    import { stop } from "apisix-bun-runner";
    export default { name: "camel-case", request: () => stop("camel") };`,
  "one/stray.ts": `
    import { stop } from "apisix-bun-runner";
    export default {
      request({ config }) {
        if (config === "reject") void Promise.reject(new Error("left behind"));
        if (config === "timer") setTimeout(() => { throw new Error("from a timer"); }, 0);
        return stop("answered");
      },
    };`,
  "one/content-length.ts": `
    export default {
      request({ request }) {
        request.headers.set("content-length", "1");
      },
    };`,
  "one/twice.ts": `export default { request() {} };`,
  "two/twice.js": `export default { request() {} };`,
  "two/say.ts": `export default { request() {} };`,
};

let runner: RunnerProcess;

beforeAll(async () => {
  for (const [name, source] of Object.entries(FILES)) dir.write(name, source);
  cpSync(
    dirname(Bun.resolveSync("valibot/package.json", import.meta.dir)),
    dir.file("one/node_modules/valibot"),
    {
      recursive: true,
    },
  );
  runner = await RunnerProcess.start({
    args: [
      "start",
      "--plugins",
      dir.file("one"),
      "--plugins",
      dir.file("two"),
      "--plugins",
      dir.file("missing"),
    ],
  });
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function answer(plugin: string, conf: string): Promise<string> {
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [[plugin, conf]]);
  const reply = await request(connection, { confToken });
  return reply.kind === "stop"
    ? `${reply.status} ${Buffer.from(reply.body ?? "").toString()}`
    : reply.kind;
}

test.each([
  ["good", "world", "418 hello world!"],
  ["class-style", "from a class", "200 from a class"],
  ["plain", "", "200 from JavaScript"],
  ["in-a-folder", "", "200 from a folder"],
  ["packages", '{"a":1}', "200 main,exports,1"],
  ["camelCase", "", "200 camel"],
  ["camel-case", "", "200 camel"],
])("%s answers", async (plugin, conf, expected) => {
  expect(await answer(plugin, conf)).toBe(expected);
});

describe("a file that does not load", () => {
  test.each([
    ["broken-syntax", "one/broken-syntax.ts:3:31"],
    ["missing-export", "stopp"],
    ["missing-package", "left-pad-that-is-not-here"],
    ["missing-file", "not-here.ts"],
    ["throws", "no such table"],
    ["throws", "one/throws.ts:3:"],
    ["no-default", "has no default export"],
    ["no-hook", "has an unknown key requst"],
    ["other-name", "both must be the same word"],
    ["twice", "one/twice.ts and "],
    ["twice", "two/twice.js"],
    ["say", "a bundled plugin and "],
  ])("%s: the log says %s", async (plugin, reason) => {
    const line = await runner.log.line(`plugin ${plugin} did not load`);
    expect(line).toContain(" error ");
    expect(line).toContain(reason);
    expect(line).toContain(dir.path);
    expect(
      runner.log.lines.filter((other) => other.includes(`plugin ${plugin} did not load`)),
    ).toHaveLength(1);
  });

  test.each(["broken-syntax", "throws", "twice", "say"])(
    "a route that names %s fails closed",
    async (plugin) => {
      using connection = await RawConnection.connect(runner.socket);
      await connection.send(prepareBytes(PRE_REQ, [[plugin, ""]]));
      expect(await nextReply(connection)).toEqual({ kind: "error", code: "BAD_REQUEST" });
      const confToken = await prepare(connection, [[plugin, ""]], POST_RESP);
      await connection.send(responseBytes({ confToken }));
      expect(await nextReply(connection)).toMatchObject({ kind: "response", status: 503 });
    },
  );

  test("a folder that is not there is an error, and the others load", async () => {
    expect(await runner.log.line("cannot be read")).toContain(dir.file("missing"));
  });
});

test("what the protocol cannot do is logged with the line of the plugin that asked for it", async () => {
  expect(await answer("content-length", "")).toBe("error");
  const line = await runner.log.line("content-length cannot be changed");
  expect(line).toContain("ProtocolLimitError");
  expect(line).toContain(`at=${dir.file("one/content-length.ts")}:4:`);
});

test.each([
  ["reject", "a rejection that nothing caught", "left behind"],
  ["timer", "an exception that nothing caught", "from a timer"],
])(
  "what a plugin leaves behind (%s) is logged with its name, and the runner goes on",
  async (conf, what, cause) => {
    expect(await answer("stray", conf)).toBe("200 answered");
    const line = await runner.log.line(cause);
    expect(line).toContain(what);
    expect(line).toContain("plugin=stray");
    expect(await answer("stray", "again")).toBe("200 answered");
  },
);
