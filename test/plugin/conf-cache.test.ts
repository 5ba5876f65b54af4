/** Conf tokens: from the content, the same in every process, never two confs for one. */
import { describe, expect, test } from "bun:test";
import { createLogger } from "../../src/log/logger.ts";
import { ConfCache, contentOf } from "../../src/plugin/conf-cache.ts";
import { PreparedConf } from "../../src/plugin/prepared-conf.ts";
import { parseRoute } from "../../src/plugin/route.ts";
import { prepare, PRE_REQ } from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const HOUR = 3_600_000;

function newCache(limit = 100) {
  using dir = new TempDir();
  const log = createLogger({ level: "error", format: "text", file: dir.file("log") });
  const cache = new ConfCache({ expireTime: HOUR, limit, log });
  const add = (content: string) => {
    const conf = new PreparedConf(cache.tokenFor(content), content, parseRoute(PRE_REQ), [], []);
    cache.add(conf);
    return conf;
  };
  return { cache, add };
}

describe("contentOf", () => {
  const conf = [{ name: "say", value: "{}" }];

  test("leaves the version out, in all its forms", () => {
    const content = contentOf({ key: "route#r1#ext-plugin-pre-req#1", conf });
    expect(contentOf({ key: "route#r1#ext-plugin-pre-req#2", conf })).toBe(content);
    expect(contentOf({ key: "route#r1#ext-plugin-pre-req#2#3", conf })).toBe(content);
    expect(contentOf({ key: "route#r1#ext-plugin-pre-req#2&3", conf })).toBe(content);
    expect(contentOf({ key: "route#r1#ext-plugin-pre-req", conf })).toBe(content);
  });

  test.each([
    ["another route", "route#r2#ext-plugin-pre-req#1", conf],
    ["another plugin of APISIX", "route#r1#ext-plugin-post-req#1", conf],
    ["another name", "route#r1#ext-plugin-pre-req#1", [{ name: "stop", value: "{}" }]],
    ["another value", "route#r1#ext-plugin-pre-req#1", [{ name: "say", value: "{ }" }]],
    ["one more entry", "route#r1#ext-plugin-pre-req#1", [...conf, ...conf]],
    ["parts cut elsewhere", "route#r1#ext-plugin-pre-req#1", [{ name: "say{", value: "}" }]],
    ["no conf", "route#r1#ext-plugin-pre-req#1", []],
  ])("is another for %s", (_what, key, other) => {
    expect(contentOf({ key, conf: other })).not.toBe(
      contentOf({ key: "route#r1#ext-plugin-pre-req#1", conf }),
    );
  });
});

describe("tokens", () => {
  test("are the same in every process, and after a restart", async () => {
    const tokens = [];
    for (let i = 0; i < 2; i++) {
      await using runner = await RunnerProcess.start();
      using connection = await RawConnection.connect(runner.socket);
      tokens.push(
        await prepare(connection, [["say", '{"body":"x"}']], "route#r1#ext-plugin-pre-req#1"),
      );
      tokens.push(
        await prepare(connection, [["say", '{"body":"x"}']], "route#r1#ext-plugin-pre-req#2"),
      );
      expect(await prepare(connection, [["say", '{"body":"y"}']])).not.toBe(tokens[0]!);
    }
    expect(new Set(tokens).size).toBe(1);
  });

  test("two confs whose hashes collide get different ones while both live", () => {
    const { cache, add } = newCache();
    const [first, second] = collision();
    expect(Bun.hash.xxHash32(first)).toBe(Bun.hash.xxHash32(second));
    const one = add(first);
    const two = add(second);
    expect(two.token).toBe((one.token + 1) >>> 0);
    expect(cache.touch(first)).toBe(one);
    expect(cache.touch(second)).toBe(two);
    expect(cache.get(one.token)?.content).toBe(first);
    expect(cache.get(two.token)?.content).toBe(second);
  });
});

describe("expiry", () => {
  test("1.2 times the time APISIX keeps a token, since it was last prepared", () => {
    const { cache, add } = newCache();
    const { token, preparedAt } = add("a");
    cache.expire(preparedAt + 1.2 * HOUR - 1);
    expect(cache.get(token)).toBeDefined();
    cache.expire(preparedAt + 1.2 * HOUR);
    expect(cache.get(token)).toBeUndefined();
  });

  test("to prepare one again begins its time anew", () => {
    const { cache, add } = newCache();
    const stale = add("stale");
    const kept = add("kept");
    stale.preparedAt -= 1.2 * HOUR;
    kept.preparedAt -= 1.2 * HOUR;
    expect(cache.touch("kept")).toBe(kept);
    cache.expire();
    expect([cache.get(stale.token), cache.get(kept.token)]).toEqual([undefined, kept]);
  });

  test("above the limit the one prepared longest ago goes", () => {
    const { cache, add } = newCache(2);
    const a = add("a");
    const b = add("b");
    cache.touch("a");
    const c = add("c");
    expect([a, b, c].map(({ token }) => cache.get(token) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });
});

/** Two texts with one xxHash32, found by the birthday paradox: some 80 000 tries. */
function collision(): [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const text = `content ${i}`;
    const hash = Bun.hash.xxHash32(text);
    const other = seen.get(hash);
    if (other !== undefined) return [other, text];
    seen.set(hash, text);
  }
}
