import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { mayRepeatKeys } from "../../src/config/repeated-keys.ts";
import { fileWith, problemsOf } from "./folder.ts";

describe("unknown keys", () => {
  const top =
    "allowed: socket, logging, plugins, secrets, store, limits, metrics, tracing, workers, apisix, watchdog";

  test.each([
    [
      "loging: { level: info }",
      `file:1:1: unknown key loging (a mapping); ${top}; did you mean logging?`,
    ],
    ["log: 1", `file:1:1: unknown key log (1); ${top}; did you mean logging?`],
    ["zzz:", `file:1:1: unknown key zzz; ${top}`],
    [
      "level: debug",
      `file:1:1: unknown key level ("debug"); ${top}; did you mean logging.level, the key level in the section logging?`,
    ],
    [
      "socket.file: /a",
      `file:1:1: unknown key socket.file ("/a"); ${top}; did you mean socket.file, the key file in the section socket?`,
    ],
    [
      "# c\nlogging:\n  levl: debug",
      'file:3:3: unknown key logging.levl ("debug"); allowed in logging: level, format, file, redact; did you mean logging.level?',
    ],
    [
      "logging:\n  Level: debug",
      'file:2:3: unknown key logging.Level ("debug"); allowed in logging: level, format, file, redact; did you mean logging.level?',
    ],
    [
      "limits: { decoded_body: 1 }",
      "file:1:11: unknown key limits.decoded_body (1); allowed in limits: confs, confBytes, decodedBody, memory; did you mean limits.decodedBody?",
    ],
    [
      "logging: { timeout: 1s }",
      'file:1:12: unknown key logging.timeout ("1s"); allowed in logging: level, format, file, redact; did you mean plugins.timeout, the key timeout in the section plugins?',
    ],
    [
      "plugins: { wacht: [true] }",
      "file:1:12: unknown key plugins.wacht (a list); allowed in plugins: dirs, timeout, watch, allowUnsafe",
    ],
    ["__proto__: { a: 1 }", `file:1:1: unknown key __proto__ (a mapping); ${top}`],
    ["constructor: 1", `file:1:1: unknown key constructor (1); ${top}`],
    [
      "logging: { toString: 1 }",
      "file:1:12: unknown key logging.toString (1); allowed in logging: level, format, file, redact",
    ],
    ["1: 2", `file:1:1: unknown key 1 (2); ${top}`],
    ["? [a, b]\n: 1", expect.stringContaining("unknown key ")],
    ["'': 1", `file:1:1: unknown key "" (1); ${top}`],
    [
      "logging: &l { level: info }\nplugins: { <<: *l }",
      expect.stringMatching(/^file:2:\d+: unknown key plugins.level \("info"\); /),
    ],
  ])("%p", (content, problem) => {
    expect(problemsOf(content)).toEqual([problem]);
  });
});

describe("a suggestion", () => {
  test.each([
    ["secrets: { evn: [A] }", "did you mean secrets.env?"],
    ["plugin: {}", "did you mean plugins?"],
    ["limits: { deocdedBody: 1 }", "did you mean limits.decodedBody?"],
    ["secrets: { FILE: [] }", "did you mean secrets.files?"],
  ])("for %p", (content, hint) => {
    expect(problemsOf(content)).toEqual([expect.stringContaining(`; ${hint}`)]);
  });

  test.each(["se: 1", "xyz: 1", `logging${"g".repeat(100)}: 1`])("none for %p", (content) => {
    expect(problemsOf(content)).toEqual([expect.not.stringContaining("did you mean")]);
  });
});

describe("positions", () => {
  test("of what an alias brings in are those of its anchor", () => {
    expect(problemsOf("limits: &m\n  confs: 0\nplugins: *m\n")).toEqual([
      expect.stringMatching(/^file:2:3: unknown key plugins.confs \(0\); /),
      "file:2:10: limits.confs is 0; allowed: a whole number from 1 to 10000000",
    ]);
  });

  test("of a key given twice are those of the last", () => {
    expect(problemsOf("logging:\n  level: low\n  level: loud\n")).toEqual([
      "file:3:3: the key logging.level is given a second time, first in line 2",
      'file:3:10: logging.level is "loud"; allowed: debug, info, warn or error',
    ]);
  });
});

describe("sections", () => {
  test.each([
    [
      "socket: /tmp/a",
      'file:1:9: socket is "/tmp/a"; allowed: a mapping with the keys file, mode, owner, group',
    ],
    [
      "logging: [level]",
      "file:1:10: logging is a list; allowed: a mapping with the keys level, format, file, redact",
    ],
    [
      "plugins:\n  - a",
      "file:2:3: plugins is a list; allowed: a mapping with the keys dirs, timeout, watch, allowUnsafe",
    ],
    ["secrets: 1", "file:1:10: secrets is 1; allowed: a mapping with the keys env, files"],
    [
      "limits: false",
      "file:1:9: limits is false; allowed: a mapping with the keys confs, confBytes, decodedBody, memory",
    ],
  ])("%p", (content, problem) => {
    expect(problemsOf(content)).toEqual([problem]);
  });
});

describe("the whole file", () => {
  test.each([
    ["- a\n- b", "file:1:1: the file holds a list; allowed: one mapping"],
    ["hello", 'file:1:1: the file holds "hello"; allowed: one mapping'],
    ["\n42", "file:2:1: the file holds 42; allowed: one mapping"],
    [
      "logging: {}\n---\nsocket: {}",
      "file:2:1: the file holds more than one document; allowed: one mapping",
    ],
  ])("%p is no mapping", (content, problem) => {
    expect(problemsOf(content)).toEqual([problem]);
  });

  test.each([
    ["logging:\n  level: a: b", /^file:2:10: Nested mappings/],
    ["logging: [a, b", /^file:1:\d+: Flow sequence/],
    ["logging:\n\tlevel: info", /^file:2:1: Tabs/],
    ["a: 'x", /^file:1:\d+: Missing closing 'quote/],
    ["logging: *nope", /^file:1:10: Unresolved alias/],
    ["a: @x", /^file:1:4: Plain value cannot start with reserved character @/],
  ])("%p is no YAML", (content, problem) => {
    const [first, ...others] = problemsOf(content);
    expect(first).toMatch(problem);
    for (const other of others) expect(other).toMatch(/^file:\d+:\d+: /);
  });

  test("what only Bun refuses is said in its words", () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) =>
        `${"abcdefghi"[level]}: &${"abcdefghi"[level]} [${Array(10)
          .fill(level ? `*${"abcdefghi"[level - 1]}` : "x")
          .join(",")}]`,
    );
    expect(problemsOf(levels.join("\n"))).toEqual(["file: YAML Parse error: Excessive aliasing"]);
  });

  test("brackets without end are a problem, not a crash", () => {
    const problems = problemsOf("[".repeat(100_000));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(6);
  });

  test("a structure that holds itself", () => {
    expect(problemsOf("logging: &a\n  level: *a\n")).toEqual([
      "file:2:10: logging.level is a mapping; allowed: debug, info, warn or error",
    ]);
    expect(problemsOf("plugins: { dirs: &a [*a] }")).toEqual([
      "file:1:22: plugins.dirs[0] is a list; allowed: the path of a folder",
    ]);
  });
});

describe("keys given twice", () => {
  test.each([
    [
      "logging:\n  level: warn\n  level: debug\n",
      ["file:3:3: the key logging.level is given a second time, first in line 2"],
    ],
    [
      "plugins: {}\nlogging: {}\nplugins: {}\n",
      ["file:3:1: the key plugins is given a second time, first in line 1"],
    ],
    [
      "logging: { level: warn, level: warn }",
      ["file:1:25: the key logging.level is given a second time, first in line 1"],
    ],
    [
      '{"logging":{"level":"warn","level":"info"}}',
      ["file:1:28: the key logging.level is given a second time, first in line 1"],
    ],
    [
      "logging: { level: warn, level }",
      ["file:1:25: the key logging.level is given a second time, first in line 1"],
    ],
    [
      "logging:\n  ? level\n  : warn\n  ? level\n",
      ["file:4:5: the key logging.level is given a second time, first in line 2"],
    ],
    [
      'logging:\n  "le\\x76el": warn\n  level: debug\n',
      ["file:3:3: the key logging.level is given a second time, first in line 2"],
    ],
    [
      "logging:\n  'level': warn\n  level : debug\n",
      ["file:3:3: the key logging.level is given a second time, first in line 2"],
    ],
    [
      "logging:\n  &a level: warn\n  !!str level: debug\n",
      ["file:3:9: the key logging.level is given a second time, first in line 2"],
    ],
    [
      "socket: { owner: &k owner, *k : root }",
      ["file:1:28: the key socket.owner is given a second time, first in line 1"],
    ],
    [
      "logging: { format: text, level: warn, # level\n  level: info }",
      ["file:2:3: the key logging.level is given a second time, first in line 1"],
    ],
    [
      "limits: {confs: 1, confs: 2, confs: 3}",
      [
        "file:1:20: the key limits.confs is given a second time, first in line 1",
        "file:1:30: the key limits.confs is given a second time, first in line 1",
      ],
    ],
  ])("%p", (content, problems) => {
    expect(problemsOf(content)).toEqual(problems);
  });

  test("a merged key may be given again", () => {
    expect(problemsOf("logging:\n  <<: { level: warn }\n  level: info\n")).toEqual([]);
  });

  test.each([
    [
      "every key, in blocks",
      "socket:\n  file: $env.APISIX_LISTEN_ADDRESS # level: none\n  mode: '0660'\n# level: debug\nlogging:\n  level: warn\n  # level: info\n  file: /var/log/level\nsecrets:\n  env: [A]\n  files: [/run/env]\n",
    ],
    [
      "every key, in braces",
      "socket: { file: $env.APISIX_LISTEN_ADDRESS, mode: , owner: , group: }\nlogging: { level: warn, format: text, file: }\nplugins: { dirs: [], timeout: 10s }\nsecrets: { env: [], files: [] }\nlimits: { confs: 100000, decodedBody: 64MiB }\n",
    ],
    ["JSON", '{"logging":{"level":"warn","format":"json"}}'],
    ["nothing", ""],
  ])("%s: no closer look is needed", (_name, text) => {
    expect(mayRepeatKeys(text, Bun.YAML.parse(text))).toBe(false);
  });
});

test("with very many keys a closer look is cheaper", () => {
  const text = Array.from({ length: 101 }, (_, index) => `k${index}: 1`).join("\n");
  expect(mayRepeatKeys(text, Bun.YAML.parse(text))).toBe(true);
});

describe("the yaml package", () => {
  /** Whether loading the file brings it in, in a process of its own. */
  async function isLoadedFor(content: string): Promise<boolean> {
    const script = `
      import { loadConfig } from ${JSON.stringify(join(import.meta.dir, "../../src/config/config.ts"))};
      try {
        loadConfig({ env: {}, cwd: "/", executable: "/x", configFile: ${JSON.stringify(fileWith(content))} });
      } catch {}
      console.log(Object.keys(require.cache).some((path) => path.includes("/node_modules/yaml/")));`;
    const child = Bun.spawn([process.execPath, "-e", script], { stderr: "inherit", env: {} });
    const output = (await new Response(child.stdout).text()).trim();
    expect(["true", "false"]).toContain(output);
    return output === "true";
  }

  test("is not loaded for a file without problems", async () => {
    expect(await isLoadedFor("logging: { level: info }\nplugins:\n  dirs: [a]\n")).toBe(false);
  });

  test("is loaded for the position of a problem", async () => {
    expect(await isLoadedFor("logging: { level: loud }")).toBe(true);
  });
});
