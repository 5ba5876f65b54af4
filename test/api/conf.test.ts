/** Confs: parsing, checking, freezing, secrets; setup, state and dispose. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { type ConfigSchema, definePlugin, Secret, secret, stop } from "../../src/index.ts";
import { TempDir } from "../support/temp-dir.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";

afterEach(() => {
  setSystemTime();
});

/** What the hook sees of a conf, or the log where it is refused. */
async function configOf(value: string, config?: ConfigSchema<unknown>) {
  const plugin = {
    ...(config && { config }),
    request: ({ config: c }: { config: unknown }) => stop(JSON.stringify(c)),
  };
  const { text, log } = await (await inlinePlugins({ it: plugin })).request([["it", value]]);
  return text ?? log.join("\n");
}

test.each([
  ["JSON where it parses", '{"a":[1,null,"x"]}', { a: [1, null, "x"] }],
  ["a number is JSON too", "42", 42],
  ["text where it does not parse", "{a: 1}", "{a: 1}"],
  ["empty text", "", ""],
])("%s", async (_what, value, config) => {
  expect(await configOf(value)).toBe(JSON.stringify(config));
});

describe.each<[string, ConfigSchema<unknown>, string]>([
  ["Zod", z.strictObject({ body: z.string(), n: z.number().default(7) }), "body: "],
  ["Valibot", v.strictObject({ body: v.string(), n: v.optional(v.number(), 7) }), "body: "],
  ["ArkType", type({ body: "string", n: "number = 7" }), "body"],
  [
    "an asynchronous Zod schema",
    z.object({ body: z.string().refine(async () => true), n: z.number().default(7) }),
    "body: ",
  ],
  [
    "a function",
    (conf) => {
      const { body } = Object(conf) as { body?: unknown };
      if (typeof body !== "string") throw new Error("body: a string is wanted");
      return { body, n: 7 };
    },
    "body: ",
  ],
])("checked by %s", (_library, schema, message) => {
  test("the hook sees what it gives", async () => {
    expect(JSON.parse(await configOf('{"body":"x"}', schema))).toEqual({ body: "x", n: 7 });
  });

  test("a wrong field is named", async () => {
    expect(await configOf('{"body":1}', schema)).toContain(message);
  });
});

test("an asynchronous check that fails: the token is given at once, the calls fail", async () => {
  const chain = await inlinePlugins({
    it: definePlugin({
      config: async () => {
        await Promise.resolve();
        throw new Error("not in the database");
      },
      request: () => stop("ran"),
    }),
  });
  const { reply, log } = await chain.request([["it", ""]]);
  expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
  expect(log.join("\n")).toContain("not in the database");
});

describe.each([
  [
    "a schema",
    (fail: () => never) =>
      ({ "~standard": { version: 1, vendor: "test", validate: fail } }) as const,
  ],
  ["a function", (fail: () => never) => fail],
])("%s that throws or rejects is a conf that is not valid", (_what, schemaOf) => {
  test.each([
    [
      "throws",
      () => {
        throw new TypeError("cannot read x");
      },
    ],
    ["rejects", () => Promise.reject(new TypeError("cannot read x")) as never],
  ])("%s", async (_how, fail) => {
    const chain = await inlinePlugins({
      it: { config: schemaOf(fail), request() {}, response() {} },
    });
    const request = await chain.request([["it", "{}"]]);
    expect(request.reply.kind).toBe("error");
    expect(request.log.join("\n")).toContain("conf is not valid");
    expect(request.log.join("\n")).toContain("cannot read x");
    // An error frame here would publish the upstream's body.
    const response = await chain.response([["it", "{}"]], {
      headers: [["x-secret", "1"]],
      body: "secret",
    });
    expect(response.reply).toMatchObject({ kind: "response", status: 503 });
    expect(JSON.stringify(response.reply)).not.toContain("x-secret");
  });
});

test("a conf nested too deeply to look through is refused, in the response phase as well", async () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  const chain = await inlinePlugins({ it: { request() {}, response() {} } });
  expect((await chain.request([["it", deep]])).reply.kind).not.toBe("stop");
  const { reply } = await chain.response([["it", deep]], { body: "secret" });
  expect(reply).toMatchObject({ kind: "response" });
});

test("a key that a strict object does not have is called that", async () => {
  const schema = v.strictObject({ body: v.string() });
  expect(await configOf('{"body":"x","bdy":1}', schema)).toContain("bdy: there is no such field");
});

test("nothing of a config can be changed, prototypes neither", async () => {
  const chain = await inlinePlugins({
    it: definePlugin({
      request({ config }) {
        const { a, __proto__: own } = config as { a: { b: number[] }; __proto__: object };
        const frozen = [config, a, a.b].every((part) => Object.isFrozen(part));
        return stop(JSON.stringify([frozen, "polluted" in {}, own]));
      },
    }),
  });
  const { text } = await chain.request([["it", '{"a":{"b":[1]},"__proto__":{"polluted":1}}']]);
  expect(JSON.parse(text ?? "")).toEqual([true, false, { polluted: 1 }]);
});

describe("setup", () => {
  const counting = () => {
    const made: string[] = [];
    const plugin = definePlugin({
      setup(config) {
        made.push(String(config));
        return { calls: 0 };
      },
      request: ({ state }) => stop(String(++state.calls)),
    });
    return { made, plugin };
  };

  test("runs once a conf; calls of one conf share its state, others have their own", async () => {
    const { made, plugin } = counting();
    const chain = await inlinePlugins({ it: plugin });
    const texts = [];
    for (const [conf, route] of [
      ["a", "1"],
      ["a", "1"],
      ["b", "1"],
      ["a", "2"],
      ["a", "1"],
    ] as const) {
      texts.push((await chain.request([["it", conf]], { route })).text);
    }
    expect(texts).toEqual(["1", "2", "1", "1", "3"]);
    expect(made).toEqual(["a", "b", "a"]);
  });

  test("asynchronous: calls wait for it", async () => {
    const chain = await inlinePlugins({
      it: definePlugin({
        async setup() {
          await Promise.resolve();
          return { ready: true };
        },
        request: ({ state }) => stop(String(state.ready)),
      }),
    });
    expect((await chain.request([["it", ""]])).text).toBe("true");
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no database"))],
  ])(
    "that %s fails the calls, and is tried again after a while, not on every call",
    async (_how, failing) => {
      let tries = 0;
      let works = false;
      const chain = await inlinePlugins({
        it: definePlugin({
          setup(): unknown {
            tries++;
            return works ? {} : failing();
          },
          request: () => stop("ran"),
        }),
      });
      const call = () => chain.request([["it", ""]]);
      setSystemTime(new Date(1e12));
      expect((await call()).log.join("\n")).toContain("no database");
      for (let i = 0; i < 10; i++) expect((await call()).reply.kind).toBe("error");
      expect(tries).toBe(1);
      setSystemTime(new Date(1e12 + 1001));
      await call();
      expect(tries).toBe(2);
      // The second wait is longer than the first.
      setSystemTime(new Date(1e12 + 2500));
      await call();
      expect(tries).toBe(2);
      works = true;
      setSystemTime(new Date(1e12 + 3100));
      expect((await call()).text).toBe("ran");
      expect(tries).toBe(3);
    },
  );
});

describe("dispose", () => {
  test.each(["dispose", "asyncDispose"] as const)(
    "Symbol.%s runs when the conf has gone, after its last call",
    async (how) => {
      let disposed = 0;
      const { promise: hold, resolve: release } = Promise.withResolvers<void>();
      const { promise: held, resolve: holding } = Promise.withResolvers<void>();
      const chain = await inlinePlugins({
        it: definePlugin({
          setup: () => ({ [Symbol[how]]: () => void disposed++ }),
          async request() {
            holding();
            await hold;
            return stop("done");
          },
        }),
      });
      const call = chain.request([["it", ""]]);
      await held;
      chain.runner.confs.expire(Date.now() + 1.19 * 3_600_000);
      expect(chain.runner.confs.size).toBe(1);
      chain.runner.confs.expire(Date.now() + 1.21 * 3_600_000);
      expect(chain.runner.confs.size).toBe(0);
      expect(disposed).toBe(0);
      release();
      expect((await call).text).toBe("done");
      expect(disposed).toBe(1);
    },
  );

  test.each([
    [
      "throws",
      () => {
        throw new Error("stuck");
      },
    ],
    ["rejects", () => Promise.reject(new Error("stuck"))],
  ])(
    "one that %s is logged, and the call it came after is answered",
    async (_how, asyncDispose) => {
      const chain = await inlinePlugins({
        it: definePlugin({
          setup: () => ({ [Symbol.asyncDispose]: asyncDispose }),
          async request() {
            // The conf goes while its last call runs, and is disposed of when that ends.
            chain.runner.confs.clear();
            await Promise.resolve();
            return stop("answered");
          },
        }),
      });
      const { text, log } = await chain.request([["it", ""]]);
      expect(text).toBe("answered");
      expect(log.join("\n")).toContain("dispose failed");
      expect(log.join("\n")).toContain("stuck");
    },
  );
});

describe("secrets", () => {
  const plugin = definePlugin({
    config: z.object({ token: z.instanceof(Secret) }),
    request: ({ config: { token } }) =>
      stop(JSON.stringify([`${token}`, token.reveal(), Bun.inspect({ token }), { token }])),
  });

  async function run(value: string) {
    using dir = new TempDir();
    const file = dir.write("token", "from a file\n");
    const chain = await inlinePlugins({ it: plugin });
    Object.assign(chain.runner.secrets, {
      env: ["TOKEN", "UNSET"],
      files: [file, "/nowhere"],
      environment: { TOKEN: "s3cret", OTHER: "hidden" },
    });
    const { text, log } = await chain.request([
      ["it", JSON.stringify({ token: value.replace("FILE", file) })],
    ]);
    return text ?? log.join("\n");
  }

  test("from the environment: shown as their name, revealed on demand", async () => {
    const text = await run("$env://TOKEN");
    const [shown, revealed, inspected, json] = JSON.parse(text) as unknown[];
    expect(shown).toBe("[secret TOKEN]");
    expect(revealed).toBe("s3cret");
    expect(inspected).not.toContain("s3cret");
    expect(json).toEqual({ token: "[secret TOKEN]" });
  });

  test("from a file, without the end of its last line", async () => {
    expect(JSON.parse(await run("$file://FILE"))[1]).toBe("from a file");
  });

  test.each([
    ["$env://OTHER", "add OTHER to secrets.env"],
    ["$env://UNSET", "$env://UNSET is not set"],
    ["$file:///etc/shadow", "add /etc/shadow to secrets.files"],
    ["$file:///nowhere", "$file:///nowhere cannot be read"],
  ])("%s is refused, and nothing is told of it", async (reference, message) => {
    const log = await run(reference);
    expect(log).toContain(message);
    expect(log).not.toContain("hidden");
  });

  test("`secret` takes a plain string as well", async () => {
    const validate = secret["~standard"].validate;
    expect(await validate("plain")).toMatchObject({ value: expect.any(Secret) });
    expect(await validate(7)).toHaveProperty("issues");
  });
});
