/** Values that a client or an upstream chooses: they stay inside the header, the log field or the object they are put into. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { definePlugin, HttpError, Secret, stop, type RequestContext } from "../../src/index.ts";
import { createLogger } from "../../src/log/logger.ts";
import { inlinePlugins, onRequest } from "../support/inline-plugins.ts";

describe("a header that a plugin sets from what a client sent", () => {
  const WAYS: Readonly<
    Record<string, (context: RequestContext, name: string, value: string) => unknown>
  > = {
    "request.headers.set": ({ request }, name, value) => request.headers.set(name, value),
    "request.headers.append": ({ request }, name, value) => request.headers.append(name, value),
    "request.headers =": ({ request }, name, value) => (request.headers = [[name, value]]),
    "responseHeaders.set": ({ responseHeaders }, name, value) => responseHeaders.set(name, value),
    "responseHeaders.append": ({ responseHeaders }, name, value) =>
      responseHeaders.append(name, value),
    "stop()": (_context, name, value) => stop("", { headers: [[name, value]] }),
    HttpError: (_context, name, value) => {
      throw new HttpError(400, "", { headers: [[name, value]] });
    },
  };

  describe.each(Object.entries(WAYS))("by %s", (_way, set) => {
    test.each([
      ["x-a", "b\r\nset-cookie: admin=1"],
      ["x-a", "b\nset-cookie: admin=1"],
      ["x-a", "b\rset-cookie: admin=1"],
      ["x-a", "b\0c"],
      ["x-a\r\nset-cookie", "b"],
      ["x-a: b\r\nx-b", "c"],
      ["x a", "b"],
      ["x-a:", "b"],
      ["x-\0", "b"],
      ["x-\u00e4", "b"],
      ["", "b"],
    ])("%j: %j fails the call", async (name, value) => {
      const exported = definePlugin({
        request(context) {
          return set(context, name, value) as ReturnType<typeof stop> | undefined;
        },
      });
      const { reply, log } = await onRequest(exported);
      expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
      expect(log.join()).toContain("ProtocolLimitError");
    });
  });
});

describe("a log line", () => {
  const HOSTILE =
    "x\n2026-01-01T00:00:00.000Z error forged plugin=admin\r\u001b[2J\u009b31m\u2028\u202e\0";

  test.each(["text", "json"] as const)(
    "in %s stays one line without anything a terminal acts on",
    (format) => {
      const lines: Buffer[] = [];
      const sink = {
        write: (bytes: Uint8Array) => lines.push(Buffer.from(bytes)) && bytes.length,
        reopen() {},
        close() {},
      };
      const log = createLogger({ level: "debug", format }, { sink });
      log.with({ [HOSTILE]: HOSTILE }).error(HOSTILE, {
        header: HOSTILE,
        error: new Error(HOSTILE),
        nested: { [HOSTILE]: [HOSTILE] },
      });
      log.close();
      const text = Buffer.concat(lines).toString();
      expect(text.endsWith("\n")).toBe(true);
      expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      // The time of the line itself is the only one that stands at the beginning of a line.
      expect(text.match(/^/gm)).toHaveLength(2);
    },
  );
});

/** The names and files of all bundled plugins. */
function bundled(): [name: string, file: string][] {
  const folder = resolve(import.meta.dir, "../../plugins");
  const files = ["*.ts", "*/index.ts"].flatMap((glob) => [...new Bun.Glob(glob).scanSync(folder)]);
  return files
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => [file.replace(/(\/index)?\.ts$/, ""), resolve(folder, file)]);
}

describe("the name __proto__", () => {
  const POLLUTING =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":{"__proto__":{"polluted":1}}}';

  const isPolluted = (): boolean => "polluted" in {};

  test.each(bundled())("in a conf of %s", async (name, file) => {
    const { default: exported } = await import(file);
    const chain = await inlinePlugins({ [name]: exported });
    const confs = [
      POLLUTING,
      `{"headers":${POLLUTING}}`,
      `{"headers":{"__proto__":"x"},"args":{"__proto__":"x"}}`,
    ];
    for (const conf of confs) {
      await chain.request([[name, conf]]);
      await chain.response([[name, conf]]);
    }
    expect(isPolluted()).toBe(false);
  });

  test("in a conf without a schema is a key like any other", async () => {
    const chain = await inlinePlugins({
      it: definePlugin({
        request: ({ config }) => stop(JSON.stringify(Object.keys(Object(config)))),
      }),
    });
    expect((await chain.request([["it", POLLUTING]])).text).toBe('["__proto__","constructor","a"]');
    expect(isPolluted()).toBe(false);
  });

  test("in arguments, headers, variables, locals and bodies", async () => {
    const { text } = await onRequest(
      definePlugin({
        async request({ request, vars, locals }) {
          const name = String(request.args.get("name"));
          request.args.set(name, "1");
          request.args.append(name, "2");
          request.args = { ...Object.fromEntries(request.args), [name]: "3" };
          request.headers.set(name, "1");
          locals[name] = { polluted: 1 };
          const body = Object.assign({}, await request.json());
          return stop(
            JSON.stringify([
              await vars.get(name),
              locals["polluted"],
              locals["constructor"],
              Object.getPrototypeOf(locals),
              "polluted" in request.headers.toJSON(),
              request.args.get("polluted"),
              Object.keys(body),
            ]),
          );
        },
      }),
      { args: [["name", "__proto__"]], vars: {}, body: '{"a":1}' },
    );
    expect(JSON.parse(text ?? "")).toEqual([null, null, null, null, false, null, ["a"]]);
    expect(isPolluted()).toBe(false);
  });
});

describe("a secret", () => {
  const env = { ALLOWED: "s3cr3t-value" };

  test("that is not allowed fails the conf and is named, not shown", async () => {
    process.env["FORBIDDEN_FOR_CONFS"] = "very-private";
    const chain = await inlinePlugins({ it: definePlugin({ request() {} }) }, { env });
    for (const reference of [
      "$env://FORBIDDEN_FOR_CONFS",
      "$env://PATH",
      "$file:///etc/passwd",
      "$file:///proc/self/environ",
    ]) {
      for (const conf of [reference, { deep: [{ key: reference }] }]) {
        const { reply, log } = await chain.request([["it", conf]]);
        expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
        expect(log.join()).toContain("is not allowed: add");
        expect(log.join()).not.toContain("very-private");
      }
    }
    delete process.env["FORBIDDEN_FOR_CONFS"];
  });

  test("does not show itself in logs, errors, JSON, templates and inspection", async () => {
    const chain = await inlinePlugins(
      {
        it: definePlugin({
          config: (conf) => Object(conf) as { key: Secret },
          request({ config, log }) {
            const { key } = config;
            log.error(`template ${key}`, { key, config, list: [key], map: new Map([["a", key]]) });
            const shown = [
              JSON.stringify(config),
              Bun.inspect(config),
              Bun.inspect(key),
              String(key),
              key + "",
              JSON.stringify(Object.getOwnPropertyDescriptors(key)),
              JSON.stringify({ ...key }),
              Bun.inspect(structuredClone({ ...key })),
            ];
            throw new Error(`failed with ${key} ${shown.join()}`, { cause: config });
          },
        }),
      },
      { env },
    );
    const { log } = await chain.request([["it", { key: "$env://ALLOWED" }]]);
    expect(log.join()).toContain("[secret ALLOWED]");
    expect(log.join()).not.toContain("s3cr3t");
  });
});
