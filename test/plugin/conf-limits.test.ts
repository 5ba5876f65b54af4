/** How many confs are kept, prepared here or inherited: by count, by bytes, and which go first. */
import { describe, expect, test } from "bun:test";
import { ConfCache, type InheritedConf } from "../../src/plugin/conf-cache.ts";
import { PreparedConf } from "../../src/plugin/prepared-conf.ts";
import { parseRoute } from "../../src/plugin/route.ts";
import { keepingLogger } from "../../src/testing/log-lines.ts";
import { PRE_REQ } from "../support/encode.ts";

const HOUR = 3_600_000;

function newCache(limit: number, byteLimit?: number) {
  const lines: string[] = [];
  const log = keepingLogger(({ message }) => lines.push(message));
  const cache = new ConfCache({ expireTime: HOUR, limit, ...(byteLimit && { byteLimit }), log });
  const make = (content: string, token = cache.tokenFor(content)) =>
    new PreparedConf(token, content, parseRoute(PRE_REQ), [], []);
  const add = (content: string) => {
    const conf = make(content);
    cache.add(conf);
    return conf;
  };
  const inherit = (content: string, preparedAt = Date.now()) => {
    const token = cache.tokenFor(content);
    cache.inherit(token, { content, preparedAt });
    return token;
  };
  /** Those of the contents that are kept. */
  const kept = (...contents: string[]) =>
    contents.filter((content) => {
      const token = cache.tokenFor(content);
      return cache.get(token) !== undefined || cache.inherited(token) !== undefined;
    });
  return { cache, make, add, inherit, kept, lines };
}

describe("bytes", () => {
  test("above the limit those prepared longest ago go, as many as it takes", () => {
    const { cache, add, kept, lines } = newCache(100, 10);
    for (const content of ["aaaa", "bbbb", "cc"]) add(content);
    expect(cache.bytes).toBe(10);
    expect(lines).toEqual([]);
    add("ddddd");
    expect(kept("aaaa", "bbbb", "cc", "ddddd")).toEqual(["cc", "ddddd"]);
    expect(cache.bytes).toBe(7);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(
      "confs of more than 10 bytes (raise limits.confBytes): the one prepared longest ago was dropped, and its state with it; APISIX will prepare it again",
    );
  });

  test("are those of UTF-8, as APISIX sends them", () => {
    const { cache, add } = newCache(100);
    add("ż€😀");
    expect(cache.bytes).toBe(2 + 3 + 4);
  });

  test("one conf above the limit stays: calls with its token follow", () => {
    const { cache, add, kept } = newCache(100, 10);
    add("a");
    add("far more than ten bytes");
    expect(kept("a", "far more than ten bytes")).toEqual(["far more than ten bytes"]);
    expect(cache.size).toBe(1);
  });

  test("are counted once, however often a conf is prepared, inherited or replaced", () => {
    const { cache, make, add, inherit } = newCache(100);
    inherit("abc");
    inherit("abc");
    expect(cache.bytes).toBe(3);
    const conf = add("abc");
    cache.touch("abc");
    inherit("abc");
    cache.replace(conf, make("abc", conf.token));
    expect([cache.bytes, cache.size]).toEqual([3, 1]);
    cache.expire(Date.now() + 1.2 * HOUR);
    expect([cache.bytes, cache.size]).toEqual([0, 0]);
    inherit("abc");
    add("de");
    cache.clear();
    expect([cache.bytes, cache.size]).toEqual([0, 0]);
  });
});

describe("inherited confs", () => {
  test("count, and go before those that were prepared here", () => {
    const { cache, add, inherit, kept, lines } = newCache(3);
    add("own");
    for (const content of ["a", "b", "c"]) inherit(content);
    expect(kept("own", "a", "b", "c")).toEqual(["own", "b", "c"]);
    add("new");
    expect(kept("own", "b", "c", "new")).toEqual(["own", "c", "new"]);
    expect(cache.size).toBe(3);
    expect(lines[0]).toStartWith("more than 3 confs (raise limits.confs): ");
  });

  test("count in bytes", () => {
    const { inherit, kept } = newCache(100, 5);
    for (const content of ["aaa", "bbb"]) inherit(content);
    expect(kept("aaa", "bbb")).toEqual(["bbb"]);
  });

  test("expire by the time at which the other runner prepared them, called or not", () => {
    const { cache, make, inherit, kept } = newCache(100);
    const preparedAt = Date.now() - HOUR;
    for (const content of ["called", "not called"]) inherit(content, preparedAt);
    adopt(cache, make("called"));
    cache.expire(preparedAt + 1.2 * HOUR - 1);
    expect(kept("called", "not called")).toEqual(["called", "not called"]);
    cache.expire(preparedAt + 1.2 * HOUR);
    expect(kept("called", "not called")).toEqual([]);
  });

  test("one that was called does not keep staler ones behind it from expiring, nor fresh ones alive", () => {
    const { cache, make, add, inherit, kept } = newCache(100);
    inherit("stale", Date.now() - 1.1 * HOUR);
    add("fresh");
    adopt(cache, make("stale"));
    cache.expire(Date.now() + 0.15 * HOUR);
    expect(kept("stale", "fresh")).toEqual(["fresh"]);
  });

  test("one that the other runner is asked to prepare once more lives on here, too", () => {
    const { cache, make, inherit, kept } = newCache(100);
    inherit("a", Date.now() - 1.1 * HOUR);
    adopt(cache, make("a"));
    inherit("a");
    cache.expire(Date.now() + HOUR);
    expect(kept("a")).toEqual(["a"]);
  });

  test("a successor hears of the stale ones first", () => {
    const { cache, add, inherit } = newCache(100);
    add("prepared here");
    inherit("inherited");
    const contents = Array.from(cache.known(), ({ content }) => content);
    expect(contents).toEqual(["inherited", "prepared here"]);
  });
});

/** What a call does with an inherited conf. */
function adopt(cache: ConfCache, conf: PreparedConf): void {
  const inherited: InheritedConf | undefined = cache.inherited(conf.token);
  expect(inherited).toBeDefined();
  cache.adopt(conf, inherited!);
}
