import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/config.ts";
import { loadFile, problemsIn, problemsOf, sources } from "./folder.ts";

function urlOf(text: string): unknown {
  return loadFile(`store:\n  url: ${JSON.stringify(text)}\n`).store.url;
}

function redis(url: string, address: string, database = 0): object {
  return { engine: "redis", url, database, address };
}

test.each([
  ["memory", { engine: "memory" }],
  ["sqlite:/var/lib/runner/store.db", { engine: "sqlite", path: "/var/lib/runner/store.db" }],
  ["sqlite:///var/lib/./store.db", { engine: "sqlite", path: "/var/lib/store.db" }],
  ["redis://cache", redis("redis://cache:6379", "cache:6379")],
  ["redis://10.0.0.9:7000/", redis("redis://10.0.0.9:7000", "10.0.0.9:7000")],
  ["redis://[::1]:7000/2", redis("redis://[::1]:7000", "[::1]:7000", 2)],
  ["rediss://u:p%40w@cache/15", redis("rediss://u:p%40w@cache:6379", "cache:6379", 15)],
  ["redis://:pw@cache", redis("redis://:pw@cache:6379", "cache:6379")],
  ["redis+unix:///run/r.sock", redis("redis+unix:///run/r.sock", "/run/r.sock")],
  [
    "redis+unix://:pw@localhost/run/r.sock?db=3",
    redis("redis+unix://:pw@localhost/run/r.sock", "/run/r.sock", 3),
  ],
])("%s", (text, url) => {
  expect(urlOf(text)).toEqual(url);
});

test.each([
  ["sqlite:store.db", "the path of the file is not absolute"],
  ["sqlite://host/store.db", "a host has no place before the path"],
  ["sqlite:/var/lib/", "it names a folder"],
  ["redis://:hunter2@cache:port", "it is no URL"],
  ["redis://:hunter2@cache/abc", "the database is no number"],
  ["redis://:hunter2@cache/1?db=2", "it has parameters that mean nothing"],
  ["redis://:hunter2#x@cache", "it is no URL"],
  ["redis://hunter2#x@cache", "a # in user or password is written as %23"],
  ["redis+unix://:hunter2@elsewhere/r.sock", "a host has no place before the path"],
  ["redis+unix://:hunter2@localhost", "the path of the socket is missing"],
  ["redis:/:hunter2@cache", "the database is no number"],
  ["redis:///1", "the host is missing"],
  ["postgres://:hunter2@cache", "allowed: memory, sqlite:/path/of/file"],
  ["hunter2", "allowed: memory, sqlite:/path/of/file"],
])("%s is refused, and not shown", (text, reason) => {
  const [problem = ""] = problemsOf(`store:\n  url: ${JSON.stringify(text)}\n`);
  expect(problem).toStartWith("file:2:8: store.url is something that is not shown");
  expect(problem).toContain(reason);
  expect(problem).not.toContain("hunter2");
});

describe("a password is not shown", () => {
  const url = "redis://u:hunter2@cache:port";

  test("of a flag or a variable", () => {
    const flags = { "store.url": url };
    const env = { APISIX_BUN_RUNNER_STORE_URL: url };
    const problems = problemsIn(sources({ flags, env }));
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain("hunter2");
    const typo = problemsIn(sources({ flags: { "store.url": "redis:u:hunter2@cache" } }));
    expect(typo).toHaveLength(1);
    expect(typo.join()).not.toContain("hunter2");
  });

  test.each([
    ["as a part of a value", "store:\n  url: redis://:hunter2@$env.HOST\n"],
    ["under a key that is not there", "store:\n  ur1: redis://:hunter2@cache\n"],
    ["in the place of the section", "store: redis://:hunter2@cache\n"],
    ["where another setting was meant", "logging:\n  level: redis://u:a/hunter2@cache\n"],
    ["in a file that is no YAML", "store:\n  url: redis://:hunter2@cache\n  : :{\n"],
  ])("%s", (_name, content) => {
    const problems = problemsOf(content);
    expect(problems).not.toBeEmpty();
    expect(problems.join()).not.toContain("hunter2");
  });
});

test("comes from a variable as a whole", () => {
  const env = { STORE: "redis://:pw@cache" };
  const { store } = loadFile("store:\n  url: $env.STORE\n", { env });
  expect<object>(store.url).toEqual(redis("redis://:pw@cache:6379", "cache:6379"));
});

test("is memory by default", () => {
  expect(loadConfig(sources()).config.store).toEqual({
    url: { engine: "memory" },
    timeout: 200,
    memory: 64 * 2 ** 20,
  });
});
