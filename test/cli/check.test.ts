/** `check`: everything that is wrong with a project, in one run. */
import { describe, expect, test } from "bun:test";
import { executable } from "../support/executable.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
}

interface Result {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly plugins: readonly string[];
  readonly samples: number;
  readonly confs: number;
}

const GOOD = `import { definePlugin } from "apisix-bun-runner";
export default definePlugin({ request() {} });
`;

/** The files, with the SDK beside them. */
async function project(files: Readonly<Record<string, string>>): Promise<TempDir> {
  const dir = new TempDir();
  for (const [name, content] of Object.entries(files)) dir.write(name, content);
  await run(["sync"], { cwd: dir.path });
  return dir;
}

async function checked(dir: TempDir, ...args: string[]): Promise<Result & { code: number }> {
  const { code, stdout } = await run(["check", "--json", ...args], { cwd: dir.path });
  const result: Result = JSON.parse(stdout);
  return { code, ...result };
}

async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly Problem[]> {
  using dir = await project(files);
  return (await checked(dir)).problems;
}

describe("types", () => {
  test("are checked with what tsconfig.json says", async () => {
    const files = {
      "plugins/mine.ts": `${GOOD}const text: string = 5;\nexport const first = (list: string[]): string => list[0];\n`,
    };
    const number = {
      file: "plugins/mine.ts",
      line: 3,
      column: 7,
      severity: "error",
      code: "TS2322",
      message: "Type 'number' is not assignable to type 'string'.",
    };
    expect(await problemsOf(files)).toEqual([number]);
    const tsconfig = `{ "compilerOptions": { "noUncheckedIndexedAccess": true, "types": ["bun-types"], "module": "Preserve", "noEmit": true } }`;
    expect(await problemsOf({ ...files, "tsconfig.json": tsconfig })).toMatchObject([
      number,
      { code: "TS2322", line: 4, message: expect.stringContaining("undefined") },
    ]);
  });

  test("of sound files, beside a file that cannot be read", async () => {
    const problems = await problemsOf({
      "plugins/broken.ts": "export default { request( {} };\n",
      "plugins/mine.ts": `${GOOD}const text: string = 5;\n`,
    });
    expect(problems).toMatchObject([
      { file: "plugins/broken.ts", line: 1, code: "TS1005" },
      { file: "plugins/broken.ts", line: 1, code: "does-not-load" },
      { file: "plugins/mine.ts", line: 3, code: "TS2322" },
    ]);
  });

  test.each([
    ["without a tsconfig.json", {}],
    ["that tsconfig.json does not take in", { "tsconfig.json": `{ "include": ["plugins"] }` }],
  ])("are not asked of JavaScript %s", async (_, files) => {
    const plugin = "export default { request() {} };";
    expect(await problemsOf({ ...files, "plugins/mine.js": plugin })).toEqual([]);
  });

  test("say what is wrong with tsconfig.json itself", async () => {
    const problems = await problemsOf({ "plugins/mine.ts": GOOD, "tsconfig.json": "{ bad" });
    expect(problems).toContainEqual(
      expect.objectContaining({ file: "tsconfig.json", line: 1, column: 3, severity: "error" }),
    );
  });
});

describe("a plugin", () => {
  test.each([
    ["throws", `const a = 1;\nthrow new Error("no way");`, "does-not-load", 2, "no way"],
    [
      "imports what there is not",
      `import gone from "not-there";\nexport default { request() { gone(); } };`,
      "does-not-load",
      1,
      "Cannot find package 'not-there'",
    ],
    ["has no hook", `export default { setup() {} };`, "not-a-plugin", 1, "has no hook"],
    ["exports nothing", `export const a = 1;`, "not-a-plugin", 1, "has no default export"],
    [
      "calls itself otherwise",
      `export default { name: "other", request() {} };`,
      "not-a-plugin",
      1,
      `calls itself "other" but its file "mine"`,
    ],
    [
      "ends the process",
      `process.exit(0);\nexport default { request() {} };`,
      "ends-process",
      1,
      "ends the process while loading (exit code 0)",
    ],
    [
      "crashes the process",
      `process.kill(process.pid, "SIGABRT");\nawait new Promise(() => {});\nexport default { request() {} };`,
      "ends-process",
      1,
      "(signal SIGABRT)",
    ],
  ])("that %s", async (_, source, code, line, message) => {
    const problems = await problemsOf({ "plugins/mine.js": source });
    expect(problems).toEqual([
      {
        file: "plugins/mine.js",
        line,
        column: expect.any(Number),
        severity: "error",
        code,
        message: expect.stringContaining(`plugin mine: `),
      },
    ]);
    expect(problems[0]?.message).toContain(message);
  });

  test.each([
    ["loading", `await new Promise(() => {});`, ""],
    ["loading", `for (;;) {}`, ""],
    ["running its samples", "", `samples: [{}], request() { for (;;) {} },`],
  ])("that never finishes %s: %s", async (doing, start, definition) => {
    using dir = await project({
      "plugins/mine.js": `${start} export default { ${definition.replace("[{}]", "[{ request: '/' }]")} response() {} };`,
      "plugins/other.js": "throw new Error('seen too');",
    });
    const { code, problems } = await checked(dir, "--timeout", "1s");
    expect(code).toBe(1);
    expect(problems).toMatchObject([
      {
        file: "plugins/mine.js",
        code: "timeout",
        message: `plugin mine: did not finish ${doing} within 1000 ms: is there a loop or an await that never ends?`,
      },
      { file: "plugins/other.js", code: "does-not-load" },
    ]);
  });

  test("that leaves a rejection alone gets a warning, which is no failure", async () => {
    using dir = await project({
      "plugins/mine.js": `\nvoid Promise.reject(new Error("left alone"));\nconsole.log("printed");\nexport default { request() {} };`,
    });
    const { code, stdout, stderr } = await run(["check"], { cwd: dir.path });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        "plugins/mine.js:2:25: warning: plugin mine: nothing catches: left alone (stray-error)\n1 warning in 1 plugin, 0 samples\n",
    });
    // What a plugin prints keeps apart.
    expect(stderr).toBe("printed\n");
  });

  test("that shares its name, with another or with one of the executable", async () => {
    const plugin = "export default { request() {} };";
    const problems = await problemsOf({
      "plugins/foo-bar.js": plugin,
      "plugins/fooBar.js": plugin,
      "plugins/limitReq.js": plugin,
    });
    expect(problems).toMatchObject([
      {
        file: "plugins/foo-bar.js",
        code: "duplicate-name",
        message: "the name foo-bar is used twice, here and by fooBar.js: rename one",
      },
      { file: "plugins/fooBar.js", code: "duplicate-name" },
      {
        file: "plugins/limitReq.js",
        code: "duplicate-name",
        message:
          "the name limitReq is used twice, here and by a plugin of the executable: rename one",
      },
    ]);
  });

  test("whose samples fail, in either style", async () => {
    using dir = await project({
      "plugins/mine.ts": `import { definePlugin, stop } from "apisix-bun-runner";
export default definePlugin({
  samples: [
    { request: "/a", expect: { status: 401 } },
    { name: "wrong", request: "/b", expect: { status: 200 } },
  ],
  request() { return stop("no", { status: 401 }); },
});
`,
      "plugins/theirs.ts": `import { Base } from "apisix-bun-runner";
export default class Theirs extends Base {
  static override readonly config = (): never => { throw new Error("never right"); };
  static override readonly samples = [{ config: {} }];
  override filter() {}
}
`,
    });
    const { problems, samples } = await checked(dir);
    expect(samples).toBe(3);
    expect(problems).toEqual([
      {
        file: "plugins/mine.ts",
        line: 3,
        column: 3,
        severity: "error",
        code: "sample-fails",
        message: "plugin mine: wrong: expected status 200, got 401",
      },
      {
        file: "plugins/theirs.ts",
        line: 4,
        column: 28,
        severity: "error",
        code: "sample-fails",
        message: expect.stringContaining("never right"),
      },
    ]);
  });
});

describe("routes", () => {
  const PLUGINS = {
    "plugins/mine.js": `export default {
      config(conf) { if (conf.n === 1 || String(conf.key) === "[secret KEY]") return conf; throw new Error("n: must be 1"); },
      request() {},
    };`,
    "plugins/masks.js": "export default { response() {} };",
  };

  function routes(conf: string, extPlugin = "ext-plugin-pre-req"): string {
    return `routes:
  - id: a
    uri: /a
    plugins:
      ${extPlugin}:
        conf:
          ${conf}
    upstream_id: backend
upstreams:
  - id: backend
    type: roundrobin
    nodes:
      "\${{HOST}}:80": 1
#END
`;
  }

  test.each([
    ["a valid conf", `- { name: mine, value: '{"n":1}' }`],
    ["a name in camel case", `- { name: Mine, value: '{"n":1}' }`],
    ["a conf whose variable is not set here", `- { name: mine, value: "\${{CONF}}" }`],
    ["a variable with a default", `- { name: mine, value: '{"n":\${{N:=1}}}' }`],
    ["a secret, which is not looked up", `- { name: mine, value: '{"key":"$env://KEY"}' }`],
    ["a plugin of the executable", `- { name: say, value: '{"body":"a"}' }`],
  ])("with %s", async (_, conf) => {
    expect(await problemsOf({ ...PLUGINS, "apisix.yaml": routes(conf) })).toEqual([]);
  });

  test.each([
    [
      "a conf that is not valid",
      `- { name: mine, value: '{"n":2}' }`,
      { column: 34, code: "invalid-conf", message: "plugin mine: n: must be 1" },
    ],
    [
      "a default that is not valid",
      `- { name: mine, value: '{"n":\${{N:=3}}}' }`,
      { column: 34, code: "invalid-conf", message: "plugin mine: n: must be 1" },
    ],
    [
      "a conf that a plugin of the executable refuses",
      `- { name: say, value: '{"bdy":""}' }`,
      { column: 33, code: "invalid-conf", message: "plugin say: bdy: there is no such field" },
    ],
    [
      "a plugin in the other phase",
      `- { name: masks, value: "{}" }`,
      {
        column: 21,
        code: "wrong-phase",
        message: "plugin masks has no request phase: name it in ext-plugin-post-resp",
      },
    ],
    [
      "a plugin that there is not",
      `- { name: mime, value: "{}" }`,
      {
        column: 21,
        code: "unknown-plugin",
        message: "neither the project nor the executable has a plugin mime; did you mean mine?",
      },
    ],
  ])("with %s", async (_, conf, problem) => {
    expect(await problemsOf({ ...PLUGINS, "apisix.yaml": routes(conf) })).toEqual([
      { file: "apisix.yaml", line: 7, severity: "error", ...problem },
    ]);
  });

  test("in the response phase", async () => {
    const conf = `- { name: mine, value: '{"n":1}' }`;
    const file = routes(conf, "ext-plugin-post-resp");
    expect(await problemsOf({ ...PLUGINS, "apisix.yaml": file })).toMatchObject([
      {
        code: "wrong-phase",
        message:
          "plugin mine has no response phase: name it in ext-plugin-pre-req or ext-plugin-post-req",
      },
    ]);
  });

  test("that cannot be taken", async () => {
    const file = routes(`- { name: mine, value: '{"n":2}' }`).replace("uri: /a", "uri: a");
    expect(await problemsOf({ ...PLUGINS, "apisix.yaml": file })).toMatchObject([
      { line: 3, code: "routes-file" },
      { line: 7, code: "invalid-conf" },
    ]);
  });

  test("of another file", async () => {
    using dir = await project(PLUGINS);
    dir.write("other.yaml", routes(`- { name: mine, value: '{"n":2}' }`));
    const { problems } = await checked(dir, "--routes", "other.yaml");
    expect(problems).toMatchObject([{ file: "other.yaml", code: "invalid-conf" }]);
    const missing = await checked(dir, "--routes", "missing.yaml");
    expect(missing.problems).toMatchObject([{ file: "missing.yaml", code: "routes-file" }]);
  });
});

describe("the command", () => {
  test("prints a line for each problem, and how many there are", async () => {
    using dir = await project({
      "plugins/mine.js": "\nthrow new Error('one');",
      "plugins/other.ts": `${GOOD}const text: string = 5;\n`,
    });
    const above = await run(["check", dir.path], { cwd: "/" });
    const place = dir.path.slice(1);
    expect(above).toEqual({
      code: 1,
      stdout: [
        `${place}/plugins/mine.js:2:11: plugin mine: one (does-not-load)`,
        `${place}/plugins/other.ts:3:7: Type 'number' is not assignable to type 'string'. (TS2322)`,
        "2 errors in 2 plugins, 0 samples",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  test("as JSON says what was looked at", async () => {
    using dir = await project({ "plugins/mine.ts": GOOD });
    expect(await checked(dir)).toEqual({
      code: 0,
      ok: true,
      problems: [],
      plugins: ["mine"],
      samples: 0,
      confs: 0,
    });
  });

  test("takes a folder of plugins too", async () => {
    using dir = await project({ "mine.ts": GOOD });
    expect(await checked(dir)).toMatchObject({ code: 0, plugins: ["mine"] });
  });

  test("runs nothing of package.json", async () => {
    using dir = await project({
      "plugins/mine.ts": `${GOOD}const text: string = 5;\n`,
      "package.json": `{ "scripts": { "check": "exit 0" } }`,
    });
    expect((await checked(dir)).problems).toMatchObject([{ code: "TS2322" }]);
  });

  test.each([
    [["nowhere"], 1, "is no folder: name the folder of a project"],
    [["."], 1, "there is no plugin in"],
    [["--timeout", "5"], 2, "a duration with its unit"],
  ])("refuses %j", async (args, code, message) => {
    using dir = new TempDir();
    const result = await run(["check", ...args], { cwd: dir.path });
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
  });

  test("leaves no process behind when it is ended", async () => {
    using dir = await project({
      "plugins/mine.js": `console.log("loading"); for (;;) {}`,
    });
    const child = Bun.spawn([executable, "check"], {
      cwd: dir.path,
      env: {},
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    let seen = "";
    // The process of the plugin holds the pipe too: this ends when both have.
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      seen += text;
      if (seen.includes("loading")) child.kill("SIGTERM");
    }
    await child.exited;
    expect(seen).toBe("loading\n");
  });
});
