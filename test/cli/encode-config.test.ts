/** `encode-config`: what is printed is what APISIX, shells and YAML readers give to the runner. */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { parse } from "yaml";
import { decode } from "../../src/cli/encode-config/decode.ts";
import { jsonNumber, losesDigits } from "../../src/cli/encode-config/digits.ts";
import { compact, type Json, pretty, quoted, toJson } from "../../src/cli/encode-config/json.ts";
import { read } from "../../src/cli/encode-config/read.ts";
import { yamlText } from "../../src/cli/encode-config/yaml-text.ts";
import { executable } from "../support/executable.ts";
import { LineLog } from "../support/line-log.ts";
import type { RunResult } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Everything that a shell, JSON or YAML takes for something else. */
const NASTY = {
  body: "it's \"quoted\" \\ $HOME ${HOME} `id` $(id) !! 'END'\nEND\n\ttab \u00e9\u{1f600}\u2028\u0085\ufeff\x7f\0",
};
const nasty = JSON.stringify(NASTY);

describe("a conf becomes the escaped string", () => {
  test.each([
    ["JSON", '{ "body": "hi",\n\t"n": [1, 2.50, true, null] }'],
    ["YAML", "# a conf\nbody: hi\nn: [1, 2.50, true, null]\n"],
    ["with CRLF", "body: hi\r\nn:\r\n  - 1\r\n  - 2.50\r\n  - true\r\n  - null\r\n"],
    ["YAML with an anchor", "body: hi\nn: [1, &a 2.50, true, ~]\n"],
  ])("from %s", async (_, input) => {
    const { stdout, code } = await encode([], input);
    expect(stdout).toBe(`${JSON.stringify('{"body":"hi","n":[1,2.50,true,null]}')}\n`);
    expect(code).toBe(0);
  });

  test("from a file, from - and from what is piped in", async () => {
    using dir = new TempDir();
    const file = dir.write("conf.yaml", "a: 1\n");
    const expected = { code: 0, stdout: '"{\\"a\\":1}"\n', stderr: "" };
    expect(await encode([file])).toEqual(expected);
    expect(await encode(["-"], "a: 1")).toEqual(expected);
    expect(await encode([], "\ufeffa: 1")).toEqual(expected);
  });

  test("keys keep their order, also those that are numbers or __proto__", async () => {
    const conf = '{"b":1,"10":2,"2":{"__proto__":3,"a":4}}';
    expect(JSON.parse((await encode([], conf)).stdout)).toBe(conf);
  });

  test("what it prints is a JSON string and a YAML scalar, in ASCII where readers differ", async () => {
    const { stdout } = await encode([], nasty);
    expect(stdout).not.toMatch(/[^\n\x20-\x7e\u00e9\u{1f600}]/u);
    for (const value of [JSON.parse(stdout), parse(stdout), parse(`value: ${stdout}`).value]) {
      expect(JSON.parse(value)).toEqual(NASTY);
    }
  });

  test("aliases are written out", async () => {
    const { stdout } = await encode([], "a: &x { b: 1 }\nc: *x\n");
    expect(JSON.parse(stdout)).toBe('{"a":{"b":1},"c":{"b":1}}');
  });

  test("a text stays a text, with a word about it", async () => {
    const { stdout, stderr, code } = await encode([], "body:hi");
    expect([JSON.parse(stdout), code]).toEqual(["body:hi", 0]);
    expect(stderr).toBe(
      'apisix-bun-runner: warning: stdin: the conf is the text "body:hi", not an object; for an object a colon needs a space behind it\n',
    );
    // Not the number that the runner would read otherwise.
    expect(JSON.parse((await encode([], '"1"')).stdout)).toBe('"1"');
  });

  test("a list, too", async () => {
    const { stdout, stderr } = await encode([], "[1]");
    expect(JSON.parse(stdout)).toBe("[1]");
    expect(stderr).toContain("the conf is a list, not an object");
  });
});

describe("what is wrong is said with its line and column, and nothing is printed", () => {
  test.each([
    ["", "stdin:1:1: there is no conf in it"],
    ["# nothing\n", "stdin:1:1: there is no conf in it"],
    [
      "a: 1\nb:\n  c: 1\n  c: 2\n",
      'stdin:4:3: the key "c" is given a second time, first in line 3',
    ],
    ['{"1": 1,\n 1: 2}', 'stdin:2:2: the key "1" is given a second time, first in line 1'],
    ["a:\n\tb: 1\n", "stdin:2:1: tabs are not allowed as indentation"],
    [
      '{"a": 1\n "b": 2}',
      "stdin:1:7: what begins here is taken for a key of several lines: is a comma missing",
    ],
    ["a: .inf", "stdin:1:4: JSON has no number for .inf"],
    ["a: 1e999", "stdin:1:4: JSON has no number for 1e999"],
    ["a: !!binary aGk=", "stdin:1:13: JSON has nothing for the tag !!binary"],
    ["a: !env HOME", "stdin:1:9: JSON has nothing for the tag !env"],
    ["a: *b", "stdin:1:4: there is no anchor for this alias"],
    ["a: &a [*a]", "stdin:1:8: the alias is inside of what it names"],
    ["? [a]\n: 1", "stdin:1:3: a key of JSON is a string"],
    ["a: &a {b: 1}\nc:\n  <<: *a", "stdin:3:3: YAML 1.2 merges nothing with <<"],
    ["a: 1\n---\nb: 1", "stdin:2:1: a second document begins here"],
    ['"{\\"a\\":1}"', "stdin: the conf is escaped already; --decode shows what is in it"],
    ["[".repeat(600) + "]".repeat(600), "stdin:1:501: more than 500 levels deep"],
  ])("%j", async (input, message) => {
    const { code, stdout, stderr } = await encode([], input);
    expect(stderr).toContain(`apisix-bun-runner: ${message}`);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  test("aliases that grow beyond what a frame carries", () => {
    const lines = ["a0: &a0 [xxxxxxxxxx]"];
    for (let i = 1; i < 30; i++) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    const { json, problems } = read(lines.join("\n"));
    expect(json).toBeUndefined();
    expect(problems.map(({ message }) => message)).toEqual([
      "the conf is longer than 16777215 bytes, which no frame can carry",
    ]);
  });

  test("a file that is not there, or not UTF-8", async () => {
    using dir = new TempDir();
    await Bun.write(dir.file("latin1"), new Uint8Array([0x61, 0x3a, 0x20, 0xe9]));
    expect((await encode([dir.file("latin1")])).stderr).toEndWith("it is not UTF-8 text\n");
    expect((await encode(["/nowhere"])).stderr).toEndWith("cannot read /nowhere: ENOENT\n");
    expect((await encode(['{"a":1}'])).stderr).toContain("to give the conf itself, pipe it in");
  });
});

describe("what YAML reads otherwise is said", () => {
  test.each([
    ["a: 9007199254740993", "1:4: 9007199254740993 becomes 9007199254740992 when the runner reads"],
    ['{"a": 0.12345678901234567890}', "1:7: 0.12345678901234567890 becomes 0.12345678901234568"],
    ["a: 0660", "1:4: 0660 is the number 660: write it in quotes for the text, 0o660 for an octal"],
    ["a: 1.10", "1:4: 1.10 is the number 1.1: write it in quotes for the text"],
    ["a: on", '1:4: on is the text "on" in YAML 1.2: write true'],
    ["- No", '1:3: No is the text "No" in YAML 1.2: write false'],
    ["a: 10_000", "1:4: 10_000 is text: write 10000 for the number"],
    ['{"a": 1 // one\n}', "1:7: // begins no comment and is text here"],
    ["{a:1}", '1:2: "a:1" is one key without a value: a colon needs a space behind it'],
  ])("%j", (input, message) => {
    const { warnings, problems } = read(input);
    expect(problems).toEqual([]);
    expect(warnings.map((note) => `${note.line}:${note.column}: ${note.message}`)).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test.each([
    "a: 0.1",
    "a: 1e21",
    "a: 1.0",
    "a: 0x1F",
    "a: 0o17",
    "a: -0",
    "a: 'no'",
    'a: "1.10"',
    "a: 0",
    "a: http://x//y",
    "a: 2024-01-01",
    "no: 1",
    "a: 9007199254740992",
    "{a: 1, b}",
    "a: 1.5e-7",
  ])("and nothing of %j", (input) => {
    expect(read(input)).toMatchObject({ warnings: [], problems: [] });
  });

  test("a warning is no error, and the digits are printed all the same", async () => {
    const { stdout, stderr, code } = await encode([], "a: 9007199254740993");
    expect([JSON.parse(stdout), code]).toEqual(['{"a":9007199254740993}', 0]);
    expect(stderr).toStartWith("apisix-bun-runner: warning: stdin:1:4: ");
  });

  test.each([
    ["0x1F", 31, "31"],
    ["0o17", 15, "15"],
    ["+1", 1, "1"],
    [".5", 0.5, "0.5"],
    ["-.5", -0.5, "-0.5"],
    ["5.", 5, "5"],
    ["000", 0, "0"],
    ["00.10", 0.1, "0.10"],
    ["1E3", 1000, "1E3"],
    ["0xFFFFFFFFFFFFFFFFFF", 2 ** 72, "4722366482869645213695"],
  ])("the number %s in JSON", (source, value, expected) => {
    expect(jsonNumber(source, value)).toBe(expected);
    expect(Number(expected)).toBe(value);
  });

  test("every number that JavaScript writes keeps its digits", () => {
    for (const number of [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2 ** 53, 1e21, 123456.789]) {
      expect(losesDigits(String(number))).toBe(false);
    }
  });
});

describe("--name", () => {
  test("prints the entry", async () => {
    const { stdout, code } = await encode(["--name", "say"], nasty);
    const entry = JSON.parse(stdout);
    expect([Object.keys(entry), entry.name, JSON.parse(entry.value)]).toEqual([
      ["name", "value"],
      "say",
      NASTY,
    ]);
    expect(parse(stdout)).toEqual(entry);
    expect(code).toBe(0);
    const yaml = await encode(["--name", "say", "--format", "yaml"], nasty);
    expect(parse(yaml.stdout)).toEqual([entry]);
  });

  test("a conf that the plugin does not take: which fields are wrong, and nothing printed", async () => {
    const { code, stdout, stderr } = await encode(["-n", "limit-req"], "rate: fast\nbrst: 1");
    expect(stderr).toStartWith("apisix-bun-runner: limit-req does not take this conf: ");
    expect(stderr).toContain("rate: ");
    expect(stderr).toContain("brst: there is no such field");
    expect([code, stdout]).toEqual([1, ""]);
  });

  test("--no-check prints it", async () => {
    const { code, stdout, stderr } = await encode(["-n", "say", "--no-check"], "bdy: 1");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({ name: "say", value: '{"bdy":1}' });
  });

  test("a plugin that is not known: a warning with the nearest, and the entry", async () => {
    const { code, stdout, stderr } = await encode(["-n", "sya"], "bdy: 1");
    expect(stderr).toContain("warning: there is no plugin sya here");
    expect(stderr).toContain("is it say?");
    expect(JSON.parse(stdout)).toEqual({ name: "sya", value: '{"bdy":1}' });
    expect(code).toBe(0);
  });

  test("plugins of folders are checked, secrets need not be there", async () => {
    using dir = new TempDir();
    dir.write(
      "mine.ts",
      `import { definePlugin, InvalidConfError, Secret } from "apisix-bun-runner";
      export default definePlugin({
        config(conf) {
          if (!(conf.key instanceof Secret)) throw new Error("key: expected a secret");
          return conf;
        },
        response() {},
      });`,
    );
    const mine = ["-n", "mine", "--plugins", dir.path];
    const good = await encode(mine, "key: $env://NOT_SET");
    expect([good.code, good.stderr]).toEqual([0, ""]);
    expect(JSON.parse(good.stdout)).toEqual({ name: "mine", value: '{"key":"$env://NOT_SET"}' });
    const bad = await encode(mine, "key: plain");
    expect([bad.code, bad.stderr]).toEqual([
      1,
      "apisix-bun-runner: mine does not take this conf: key: expected a secret (--no-check prints it all the same)\n",
    ]);
    // It has one phase only.
    const route = await encode([...mine, "-r", "/", "-u", "h:1"], "key: $env://A");
    expect(Object.keys(JSON.parse(route.stdout).plugins)).toEqual(["ext-plugin-post-resp"]);
    const wrong = await encode([...mine, "-r", "/", "--phase", "request"], "key: $env://A");
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      "apisix-bun-runner: mine has no request phase: leave --phase out\n",
    ]);
  });

  test("a plugin that does not load: a warning, and the entry", async () => {
    using dir = new TempDir();
    dir.write("mine.ts", "export default 1;");
    const { code, stdout, stderr } = await encode(["-n", "mine", "--plugins", dir.path], "{}");
    expect(stderr).toContain("warning: mine did not load, so the conf is not checked: ");
    expect([code, JSON.parse(stdout)]).toEqual([0, { name: "mine", value: "{}" }]);
  });
});

describe("--route", () => {
  const args = ["-n", "say", "-r", "/get"];

  test("prints the body for the Admin API", async () => {
    const { stdout } = await encode([...args, "-u", "127.0.0.1:1980", "--id", "r-1"], "body: hi");
    expect(JSON.parse(stdout)).toEqual({
      id: "r-1",
      uri: "/get",
      plugins: { "ext-plugin-pre-req": { conf: [{ name: "say", value: '{"body":"hi"}' }] } },
      upstream: { type: "roundrobin", nodes: { "127.0.0.1:1980": 1 } },
    });
  });

  test("--format yaml is a whole apisix.yaml with the same route", async () => {
    const given = [...args, "-u", "https://[::1]:443", "--ext-plugin", "ext-plugin-post-req"];
    const json = await encode(given, nasty);
    const { stdout } = await encode([...given, "--format", "yaml"], nasty);
    expect(stdout).toEndWith("\n#END\n");
    expect(parse(stdout)).toEqual({ routes: [JSON.parse(json.stdout)] });
    expect(Bun.YAML.parse(stdout)).toEqual({ routes: [JSON.parse(json.stdout)] });
    expect(parse(stdout).routes[0].upstream).toEqual({
      type: "roundrobin",
      scheme: "https",
      nodes: { "[::1]:443": 1 },
    });
  });

  test.each(["sh", "bash"])("--format curl hands over exactly the JSON, in %s", async (shell) => {
    using dir = new TempDir();
    // In the place of curl: its arguments, and what it reads.
    chmodSync(
      dir.write("curl", `#!/bin/sh\nprintf '%s\\0' "$@" > "$OUT.args"\ncat > "$OUT.body"\n`),
      0o755,
    );
    const given = [...args, "--admin", "http://[::1]:9180/it's", "--format", "curl"];
    const { stdout: script } = await encode([...given, "--id", "7"], nasty);
    const env = { PATH: `${dir.path}:${process.env["PATH"]}`, OUT: dir.file("seen") };
    const ran = Bun.spawnSync([shell], {
      env: { ...env, ADMIN_KEY: `k"'$HOME` },
      stdin: Buffer.from(script),
    });
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, ""]);
    const route = await encode(args, nasty);
    expect(await Bun.file(dir.file("seen.body")).text()).toBe(route.stdout);
    expect((await Bun.file(dir.file("seen.args")).text()).split("\0")).toEqual([
      ...["-i", "-X", "PUT", "http://[::1]:9180/it's/apisix/admin/routes/7"],
      ...["-H", `X-API-KEY: k"'$HOME`, "-H", "Content-Type: application/json"],
      ...["--data-binary", "@-", ""],
    ]);

    const withoutKey = Bun.spawnSync([shell], { env, stdin: Buffer.from(script) });
    expect(withoutKey.exitCode).not.toBe(0);
    expect(withoutKey.stderr.toString()).toContain("set it to the key of the Admin API");
    const withoutId = await encode(given, "{}");
    expect(withoutId.stdout).toStartWith(
      `curl -i -X POST 'http://[::1]:9180/it'\\''s/apisix/admin/routes' \\\n`,
    );
  });

  test("a gateway that is given the route runs the plugin with the conf", async () => {
    using dir = new TempDir();
    const { stdout } = await encode([...args, "-u", "127.0.0.1:9", "-f", "yaml"], nasty);
    const child = Bun.spawn(
      [executable, "dev", "--port", "0", "--routes", dir.write("apisix.yaml", stdout)],
      {
        cwd: dir.path,
        env: { PATH: process.env["PATH"] ?? "", TMPDIR: dir.path },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    try {
      const log = new LineLog();
      log.collect(child.stdout);
      log.collect(child.stderr);
      const [url = ""] = /http:\/\/\S+\d/.exec(await log.line("Development gateway")) ?? [];
      // Not text(), which would take a byte order mark away.
      const answer = Buffer.from(await (await fetch(`${url}/get`)).arrayBuffer());
      expect(answer.toString()).toBe(NASTY.body);
    } finally {
      child.kill("SIGINT");
      await child.exited;
    }
  });
});

describe("--decode", () => {
  const value = '{"b":"it\'s \\"q\\"","10":1,"2":9007199254740993}';
  const shown = '{\n  "b": "it\'s \\"q\\"",\n  "10": 1,\n  "2": 9007199254740993\n}';
  const entry = { name: "say", value };
  const route = { uri: "/", plugins: { "ext-plugin-pre-req": { conf: [entry] } } };

  test.each([
    ["the escaped string", quoted(value)],
    ["without its quotes", quoted(value).slice(1, -1)],
    ["with slashes escaped, as cjson does", quoted(value).replaceAll("/", "\\/")],
    ["an entry", JSON.stringify(entry)],
    ["entries", yamlText(toJson([entry]))],
    ["a route", JSON.stringify(route)],
    ["the Admin API's answer", JSON.stringify({ key: "/apisix/routes/1", value: route })],
    ["the Admin API's list", JSON.stringify({ total: 1, list: [{ value: route }] })],
    ["apisix.yaml", `${yamlText(toJson({ routes: [route] }))}\n#END\n`],
    ["a value in YAML", `name: say\nvalue: '${value.replaceAll("'", "''")}'\n`],
    ["an ApisixRoute", yamlText(toJson({ plugins: [{ name: "x", config: { conf: [entry] } }] }))],
  ])("%s", async (_, input) => {
    expect(await encode(["--decode"], input)).toEqual({
      code: 0,
      stdout: `${shown}\n`,
      stderr: "",
    });
  });

  test("as YAML", async () => {
    const conf = { text: "one\n  two\n", list: [{ a: 1, b: [] }, [true]], on: "1.10", empty: {} };
    const { stdout } = await encode(["-d", "-f", "yaml"], quoted(JSON.stringify(conf)));
    expect(stdout).toBe(
      [
        ...["text: |", "  one", "    two", "list:", "  - a: 1", "    b: []", "  - - true"],
        ...['"on": "1.10"', "empty: {}", ""],
      ].join("\n"),
    );
  });

  test("several confs, with their plugins and places; --name picks one", async () => {
    const two = JSON.stringify({
      plugins: {
        "ext-plugin-pre-req": { conf: [entry, { name: "stop", value: '{"status":403}' }] },
      },
    });
    const all = JSON.parse((await encode(["-d"], two)).stdout);
    expect(all).toMatchObject([
      { name: "say", place: "plugins.ext-plugin-pre-req.conf[0]", conf: { "10": 1 } },
      { name: "stop", place: "plugins.ext-plugin-pre-req.conf[1]", conf: { status: 403 } },
    ]);
    expect(JSON.parse((await encode(["-d", "-n", "stop"], two)).stdout)).toEqual({ status: 403 });
    expect((await encode(["-d", "-n", "other"], two)).stderr).toBe(
      "apisix-bun-runner: stdin: there is no conf of other in it, only of say, stop\n",
    );
  });

  test.each([
    [{ name: "a", value: '{"b":' }, '"{\\"b\\":"', "the value is not JSON (Unexpected EOF)"],
    [{ name: "a", value: '{\\"b\\":1}' }, '"{\\\\\\"b\\\\\\":1}"', "backslashes left"],
    [{ name: "a", value: '"{\\"b\\":1}"' }, '"{\\"b\\":1}"', "the value is escaped twice"],
    [{ name: "a", value: { b: 1 } }, '{\n  "b": 1\n}', "not a string: APISIX takes strings only"],
    [{ name: "a", value: "just text" }, '"just text"', ""],
    [{ b: 1 }, '{\n  "b": 1\n}', "nothing in it is escaped: it is a conf already"],
    [
      { plugins: { "ext-plugin-pre-req": { name: "say", value: "{}" } } },
      "{}",
      "plugins.ext-plugin-pre-req: APISIX reads no name and value here",
    ],
  ])("says what APISIX or the plugin makes of it: %j", async (input, printed, warning) => {
    const { code, stdout, stderr } = await encode(["-d"], JSON.stringify(input));
    expect([code, stdout]).toEqual([0, `${printed}\n`]);
    if (warning === "") expect(stderr).toBe("");
    else expect(stderr).toContain(warning);
  });

  test.each([
    ['{"uri":"/","plugins":{}}', "stdin:1:1: there is no conf of an ext-plugin in it"],
    ['{"a":', "stdin:1:6: "],
    ["", "stdin:1:1: there is no conf in it"],
  ])("%j is an error", async (input, message) => {
    const { code, stdout, stderr } = await encode(["-d"], input);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([1, ""]);
  });
});

describe("encoded, read by JSON or YAML, and decoded, any conf is what it was", () => {
  const confs = Array.from({ length: 400 }, (_, seed) => randomConf(seed));

  test("from JSON", () => {
    for (const conf of confs) {
      for (const text of [compact(conf), pretty(conf), JSON.stringify(JSON.parse(compact(conf)))]) {
        const { json, problems } = read(text);
        expect(problems).toEqual([]);
        expect(JSON.parse(compact(json ?? conf))).toEqual(JSON.parse(text));
      }
      expect(read(compact(conf)).json).toEqual(conf);
    }
  });

  test("through YAML in blocks", () => {
    for (const conf of confs) {
      expect(read(yamlText(conf)).json).toEqual(conf);
      expect(parse(yamlText(conf))).toEqual(parse(compact(conf)));
    }
  });

  test("a text through YAML", () => {
    for (const value of STRINGS) {
      expect(read(yamlText({ kind: "string", value })).json).toEqual({ kind: "string", value });
    }
  });

  test("through a value, with its quotes and without", () => {
    for (const conf of confs) {
      const escaped = quoted(compact(conf));
      expect(JSON.parse(escaped)).toBe(compact(conf));
      expect(parse(escaped)).toBe(compact(conf));
      expect(decode(escaped).confs).toEqual([{ name: undefined, place: "", conf }]);
      if (conf.kind === "map" && conf.entries.length > 0) {
        expect(decode(escaped.slice(1, -1)).confs[0]?.conf).toEqual(conf);
      }
    }
  });

  test("through a route", () => {
    for (const conf of confs) {
      const entry = toJson({ name: "x", value: compact(conf) });
      const route = toJson({ plugins: { "ext-plugin-pre-req": { conf: [] } } });
      const list: Json = {
        kind: "map",
        entries: [["conf", { kind: "list", items: [entry, entry] }]],
      };
      for (const text of [compact(list), pretty(list), yamlText(list)]) {
        expect(decode(text).confs.map((each) => each.conf)).toEqual([conf, conf]);
      }
      expect(decode(compact(route)).confs).toEqual([]);
    }
  });
});

describe("a wrong command line ends with 2", () => {
  test.each([
    [["-r", "/"], "--route needs --name"],
    [["-n", "say", "-r", "get"], "--route get does not start with a slash"],
    [["-n", "say", "-u", "a:1"], "--upstream is of a route: it needs --route"],
    [["-n", "say", "--ext-plugin", "ext-plugin-pre-req"], "--ext-plugin is of a route"],
    [["-n", "say", "-f", "curl"], "--format curl makes a route"],
    [["-n", "say", "-r", "/", "-u", "host"], "--upstream host is not of the form host:port"],
    [["-n", "say", "-r", "/", "-u", "host:70000"], "is not of the form host:port"],
    [["-n", "say", "-r", "/", "--id", "a/b"], "--id a/b: APISIX takes"],
    [["-n", "say", "-r", "/", "--admin", "x"], "--admin x is no address such as http"],
    [
      ["-n", "say", "-r", "/", "--phase", "response", "--ext-plugin", "ext-plugin-post-req"],
      "ext-plugin-post-req is of the request phase, not --phase response",
    ],
    [["-d", "-r", "/"], "--decode makes no route: leave --route out"],
    [["-d", "-f", "curl"], "--decode prints json or yaml, not curl"],
    [["-f", "toml"], "Allowed choices are json, yaml, curl"],
    [["a", "b"], "too many arguments"],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await encode(args, "{}");
    expect(stderr).toStartWith("apisix-bun-runner: ");
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

/** Runs `encode-config` with this piped in. */
async function encode(args: readonly string[], stdin = ""): Promise<RunResult> {
  const child = Bun.spawn([executable, "encode-config", ...args], {
    cwd: "/",
    env: {},
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

const STRINGS = [
  ...["a\r\nb", "a\nb\x01\u0085", "a\n\u2028b", "a\n\ufeffb", "a\n\ud800b"],
  ...["", " ", "a", "no", "1.10", "null", "~", "# x", "- a", "a: b", "'", '"', "\\", "\\\\n", "\n"],
  ...[
    "one\ntwo",
    "one\n\n two\n",
    " one\ntwo",
    "one\ntwo\n\n",
    "one \ntwo",
    "a\n\tb",
    "%a\n",
    "|\n>",
  ],
  ...[
    "---\na",
    "a\n---\nb",
    "a\n...\nb",
    "$HOME `x`",
    "é\u{1f600}",
    "\u2028\u0085\ufeff\x7f\0\r\n",
  ],
  ...["\ud800", "\udc00x", "__proto__", "10", "2", "<<", "{", "[1]", "*a", "&a", "!x", "@", "//"],
];
const LITERALS = ["0", "-1", "1.50", "9007199254740993", "1e4", "true", "false", "null"];

/** The same one for the same seed: a map, with lists, maps, strings and literals in it. */
function randomConf(seed: number): Json {
  let state = seed * 2654435761 + 1;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = (from: readonly string[]): string => from[below(from.length)] ?? "";
  const value = (depth: number): Json => {
    const kind = below(depth > 3 ? 2 : 4);
    if (kind === 0)
      return { kind: "string", value: pick(STRINGS) + (below(3) ? "" : pick(STRINGS)) };
    if (kind === 1) return { kind: "literal", text: pick(LITERALS) };
    if (kind === 2) {
      return { kind: "list", items: Array.from({ length: below(4) }, () => value(depth + 1)) };
    }
    return map(depth);
  };
  const map = (depth: number): Json => {
    const keys = new Set(Array.from({ length: below(5) }, () => pick(STRINGS)));
    return { kind: "map", entries: Array.from(keys, (key) => [key, value(depth + 1)] as const) };
  };
  return map(0);
}
