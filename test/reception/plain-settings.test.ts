/** What is taken for plain is taken by the reader of settings too, and means the same. */
import { describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync } from "node:fs";
import { Random } from "../../scripts/fuzz/random.ts";
import { startFlags } from "../../src/cli/start-flags.ts";
import { loadConfig } from "../../src/config/config.ts";
import { environmentName, type SettingPath, settings } from "../../src/config/settings.ts";
import { libcFiles } from "../../src/files/libc-files.ts";
import { isOrdinary } from "../../src/reception/ordinary-values.ts";
import { plainFile } from "../../src/reception/plain-file.ts";
import { plainSettings as settingsBy, plainStart } from "../../src/reception/plain-settings.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Reads them as a start does after the look at them. */
function load(text: string) {
  using dir = new TempDir();
  const configFile = dir.write("config.yaml", text);
  return loadConfig({ configFile, env: {}, cwd: dir.path, executable: dir.file("runner") });
}

function isPlainFile(text: string): boolean {
  return plainFile(text) !== undefined;
}

const files = libcFiles()!;

/** As an executable asks. */
function plainSettings(args: string[], env: Record<string, string>, executable: string) {
  const start = plainStart(args, env);
  return start && settingsBy(start, executable, files);
}

const ADDRESS = { APISIX_LISTEN_ADDRESS: "unix:/tmp/r.sock" };

/** Of each setting that has ordinary values: some, and some that are not ordinary, most of which are not allowed either. */
const ORDINARY: Readonly<Partial<Record<SettingPath, readonly [string[], string[]]>>> = {
  "socket.file": [
    ["$env.APISIX_LISTEN_ADDRESS"],
    ["$env.OTHER", "/tmp/r.sock", "$ENV.APISIX_LISTEN_ADDRESS", "APISIX_LISTEN_ADDRESS"],
  ],
  "logging.level": [
    ["debug", "info", "warn", "error", "WARN"],
    ["loud", "debug info", "warning", "$env.LEVEL", "info,"],
  ],
  "logging.format": [
    ["text", "json"],
    ["xml", "JSON5", "text json"],
  ],
  "logging.file": [
    ["/var/log/apisix/runner.log", "/tmp/a-b_c+d@e.log"],
    ["runner.log", "/var/log/", "/a//b", "/a/../b", "/a b", "~/runner.log", "/größe", "/a:b", ""],
  ],
  "plugins.dirs": [
    ["[]", "[plugins]", "[./plugins/]", "[/etc/a.b/plugins, more/plugins ]"],
    [
      "plugins",
      "[True]",
      "[../plugins]",
      "[~/plugins]",
      "[.]",
      "[1]",
      "[a b]",
      "[a//b]",
      "[$env.DIR]",
    ],
  ],
  "plugins.timeout": [
    ["1ms", "10s", "55s", "55000ms"],
    ["0s", "56s", "55001ms", "1m", "10", "1h", "1.5s", "010s", "+1s", "1e1s", "1 s", "s", "off"],
  ],
  "limits.confs": [
    ["1", "500", "10000000"],
    ["0", "10000001", "1e3", "0x10", "010", "-1", "1.0", "1_000", "1MiB", "99999999999999999999"],
  ],
  "limits.confBytes": [
    ["1", "1KiB", "64MiB", "64GiB", "100KB", "100MB", "1GB"],
    ["0", "0MiB", "65GiB", "1TiB", "1mib", "1.5MiB", "1 MiB", "MiB"],
  ],
  "limits.decodedBody": [
    ["1", "64MiB", "4GiB"],
    ["0", "5GiB", "4294967297", "10s"],
  ],
  "limits.memory": [
    ["512MiB", "1024GiB"],
    ["0", "1025GiB", "512M"],
  ],
  "secrets.env": [
    ["[]", "[API_KEY]", "[API_KEY,_b2]", "[ API_KEY , c ]"],
    [
      "API_KEY",
      "[1A]",
      "[A-B]",
      "[A B]",
      "[true]",
      "[Null]",
      '["A"]',
      "[A",
      "[A,]",
      "[,A]",
      "[[A]]",
    ],
  ],
  "secrets.files": [
    ["[]", "[/run/secrets/key]", "[/a, /b.c]"],
    ["/run/secrets/key", "[key]", "[/a/]", "[/a b]", "[/a,]"],
  ],
  "store.url": [
    [
      "memory",
      "sqlite:/var/lib/runner/store.db",
      "redis://localhost",
      "redis://10.0.0.1:6379",
      "redis://redis-1.example.com:6379/15",
    ],
    [
      "Memory",
      "sqlite:store.db",
      "sqlite:/a/",
      "redis://",
      "redis://:6379",
      "redis://user:password@host",
      "redis://[::1]:6379",
      "redis://host:65536",
      "redis://host/x",
      "redis://host/100000",
      "rediss://host",
      "$env.STORE",
    ],
  ],
  "store.timeout": [
    ["1ms", "200ms", "10s"],
    ["0ms", "11s", "10001ms", "200"],
  ],
  "store.memory": [
    ["1MiB", "64GiB"],
    ["0", "65GiB"],
  ],
  "metrics.listen": [
    ["127.0.0.1:9101", "localhost:65535", "127.0.0.1:0"],
    [
      "0.0.0.0:9101",
      "public:0.0.0.0:9101",
      "127.0.0.1",
      "127.0.0.1:",
      "localhost:65536",
      ":9101",
      "9101",
    ],
  ],
  "watchdog.timeout": [
    ["off", "100ms", "5s", "1m"],
    ["99ms", "61s", "2m", "5", "on", "Off"],
  ],
};

const values = Object.entries(ORDINARY).flatMap(([path, [ordinary]]) =>
  ordinary.map((text) => [path as SettingPath, text] as const),
);

/** A file with nothing else. */
function fileOf(path: string, text: string): string {
  const [section, key] = path.split(".");
  return `${section}:\n  ${key}: ${text}\n`;
}

describe.each(values)("%s: %s", (path, text) => {
  test("is plain, and allowed", () => {
    expect(isPlainFile(fileOf(path, text))).toBe(true);
    expect(() => load(fileOf(path, text))).not.toThrow();
  });
});

describe.each(
  values.flatMap(([path, text]) => {
    const { flag, list } = settings.get(path)!;
    return list === true || path === "socket.file" ? [] : [[flag!, text] as const];
  }),
)("%s %s", (flag, text) => {
  test("is plain, and allowed", () => {
    const sources = startFlags([flag, text])!;
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    expect(() => loadConfig({ ...sources, env: {}, cwd: dir.path, executable })).not.toThrow();
    expect(plainSettings([flag, text], ADDRESS, executable)).toBeDefined();
    expect(startFlags([`${flag}=${text}`])).toEqual(sources);
    expect(plainSettings([`${flag}=${text}`], ADDRESS, executable)).toBeDefined();
    expect(plainSettings([flag], ADDRESS, executable)).toBeUndefined();
    expect(plainSettings([flag, text, flag, text], ADDRESS, executable)).toBeUndefined();
  });
});

/** As a variable has it: a list with colons. */
const variables = values.flatMap(([path, text]) => {
  const inVariable = settings.get(path)!.list
    ? text.replace(/^\[ *| *\]$/g, "").replace(/ *, */g, ":")
    : text;
  const isOne = path !== "socket.file" && inVariable !== "";
  return isOne ? [[environmentName(path), inVariable] as const] : [];
});

test.each(variables)("%s=%s is plain, and allowed", (name, text) => {
  using dir = new TempDir();
  const executable = dir.write("runner", "");
  const env = { ...ADDRESS, [name]: text };
  const { config, warnings } = loadConfig({ env, cwd: dir.path, executable });
  expect(warnings).toEqual([]);
  expect(config.socket.file).toBe("/tmp/r.sock");
  const hasFolders = config.plugins.dirs.length > 0;
  expect(plainSettings([], env, executable)).toEqual({ socket: "/tmp/r.sock", hasFolders });
});

test("the file that a variable names, unless a flag names another", () => {
  using dir = new TempDir();
  const executable = dir.write("runner", "");
  const [plain, folders] = ["logging:\n  level: info\n", "plugins:\n  dirs: [a]\n"];
  const named = dir.write("named.yaml", folders);
  const env = { ...ADDRESS, APISIX_BUN_RUNNER_CONFIG: named };
  expect(plainSettings([], env, executable)?.hasFolders).toBe(true);
  const byFlag = ["--config", dir.write("flag.yaml", plain)];
  expect(plainSettings(byFlag, env, executable)?.hasFolders).toBe(false);
  dir.write("named.yaml", "workers: 2\n");
  expect(plainSettings([], env, executable)).toBeUndefined();
  for (const other of ["", "named.yaml", dir.file("none.yaml")]) {
    const there = { ...ADDRESS, APISIX_BUN_RUNNER_CONFIG: other };
    expect(plainSettings([], there, executable)).toBeUndefined();
  }
});

test.each(
  Object.entries(ORDINARY).flatMap(([path, [, others]]) =>
    others.map((text) => [path as SettingPath, text] as const),
  ),
)("%s is not ordinary: %s", (path, text) => {
  expect(isPlainFile(fileOf(path, text))).toBe(false);
  expect(isOrdinary(settings.get(path)!.flag!, text)).toBe(false);
});

test("a list is no flag's, nor is a variable", () => {
  for (const [path, text] of values) {
    const { flag, list } = settings.get(path)!;
    if (list === true || path === "socket.file") expect(isOrdinary(flag!, text)).toBe(false);
  }
});

test("a file of several sections, with comments", () => {
  const file = `# The runner of the edge — größer\nlogging:\n  level: info\n  format: json\n\n# Later: more\nlimits:\n  confs: 500\n`;
  expect(isPlainFile(file)).toBe(true);
  expect(load(file).config).toMatchObject({
    logging: { level: "info", format: "json" },
    limits: { confs: 500 },
  });
});

test.each([
  ["a comment behind a value", "logging:\n  level: info # why\n"],
  ["a comment behind a section", "logging: # why\n  level: info\n"],
  ["comments in any script", "# 日志，级别（信息）😀\nlogging:  # “größer”\n  level: info\n"],
  ["double quotes", 'logging:\n  level: "info"\n'],
  ["single quotes, and a comment", "logging:\n  level: 'info'  # \"why\"\n"],
  ["a number in quotes", 'logging:\n  level: info\nlimits:\n  confs: "500"\n'],
  ["another indent", "logging:\n    level: info\n"],
  ["each section with its own", "limits:\n confs: 5\nlogging:\n   level: info\n   format: json\n"],
  ["comments with any indent", "# a\nlogging:\n # b\n  level: info\n      # level: warn\n"],
  ["lines of spaces", "  \nlogging:\n   \n  level: info\n \n"],
  ["spaces at the end, and more than one before a value", "logging:  \n  level:   info  \n"],
  ["no end of the last line", "logging:\n  level: info"],
])("is plain, and read alike: %s", (_what, file) => {
  expect(isPlainFile(file)).toBe(true);
  expect(load(file).config.logging.level).toBe("info");
});

test("nothing at all", () => {
  expect(isPlainFile("")).toBe(true);
  expect(load("").config.logging.level).toBe("warn");
});

test.each([
  ["a key twice", "logging:\n  level: info\n  level: warn\n"],
  ["a section twice", "logging:\n  level: info\nlogging:\n  format: json\n"],
  ["an empty section", "logging:\nlimits:\n  confs: 1\n"],
  ["an empty section at the end", "limits:\n  confs: 1\nlogging:\n"],
  ["a key that is not known", "logging:\n  colour: red\n"],
  ["a key of another section", "logging:\n  confs: 1\n"],
  ["a key in no section", "  level: info\n"],
  ["a setting that counts before the first call", "workers: 2\n"],
  ["a socket of its own", "socket:\n  file: /tmp/r.sock\n"],
  ["a variable", "logging:\n  level: $env.LEVEL\n"],
  ["two indents in one section", "logging:\n  level: info\n   format: json\n"],
  ["two indents in one section, the other way round", "logging:\n   level: info\n  format: json\n"],
  ["a list in quotes", 'secrets:\n  env: "[TOKEN]"\n'],
  ["a list of several lines", "secrets:\n  env:\n    - TOKEN\n"],
  ["a backslash in quotes", 'logging:\n  level: "\\x69nfo"\n'],
  ["quotes within quotes", "logging:\n  level: 'in''fo'\n"],
  ["quotes without an end", 'logging:\n  level: "info\n'],
  ["more behind quotes", 'logging:\n  level: "info" json\n'],
  ["a comment right behind quotes", 'logging:\n  level: "info"#why\n'],
  ["a comment right behind a value", "logging:\n  level: info#why\n"],
  ["a space that YAML takes for none", "logging:\n  level: info\u00a0\n"],
  ["a tab behind a value", "logging:\n  level: info\t\n"],
  ["nothing between colon and value", "logging:\n  level:info\n"],
  ["a value in the next line", "logging:\n  level:\n    info\n"],
  ["a section in quotes", '"logging":\n  level: info\n'],
  ["a section with an empty value", 'logging: ""\n  level: info\n'],
  ["a byte order mark", "\ufefflogging:\n  level: info\n"],
  ["tracing", "tracing:\n  endpoint: http://127.0.0.1:4318\n"],
  ["a mapping in a line", "logging: {level: info}\n"],
  ["the ends of lines of Windows", "logging:\r\n  level: info\r\n"],
  ["a name that every object has", "logging:\n  constructor: 1\n"],
  ["a number in another notation", "limits:\n  confs: 1e3\n"],
  ["a number with a zero before it", "limits:\n  confs: 010\n"],
  ["another unit", "plugins:\n  timeout: 1h\n"],
  ["a character that YAML does not have", "# \u0007\nlogging:\n  level: info\n"],
  ["a mark in a comment", "# \ufeff\nlogging:\n  level: info\n"],
  ["no UTF-8", "# \ufffd\nlogging:\n  level: info\n"],
  ["a document's beginning", "---\nlogging:\n  level: info\n"],
])("is not plain: %s", (_what, file) => {
  expect(isPlainFile(file)).toBe(false);
});

test("no mixture of what files are made of is plain and not allowed", () => {
  const random = new Random(20_261_128);
  const lines = [
    ...values.flatMap(([path, text]) => fileOf(path, text).split("\n").filter(Boolean)),
    ...values.flatMap(([path, text]) => [`  ${path.split(".")[1]}: "${text}"  # ${text}`]),
    ...[
      "",
      "# a comment",
      "  # an indented one",
      "workers: 1",
      "  level: WARN",
      "  confs: 0x10",
      "  timeout: 5",
      "- a",
      "...",
      "logging: ",
      "  level:  info",
      "\tlevel: info",
    ],
  ];
  let plain = 0;
  for (let i = 0; i < 20_000; i++) {
    const file = Array.from(
      { length: 1 + random.below(6) },
      () => lines[random.below(lines.length)],
    ).join("\n");
    if (!isPlainFile(file)) continue;
    plain++;
    expectNoSay(file);
  }
  expect(plain).toBeGreaterThan(100);
});

test("no file with a character too many, too few or another is plain and not allowed", () => {
  const random = new Random(20_261_129);
  const characters = [..." :#\"'[]{},-&*!|>%@`?~\\\t\u00a0\u0085\u2028\r\n0aeE1.+_/="];
  let plain = 0;
  for (let i = 0; i < 20_000; i++) {
    const [[path, text], [other, second]] = [pick(random, values), pick(random, values)];
    let file = `${fileOf(path, text)}${fileOf(other, `"${second}" # ${text}`)}`;
    for (let changes = 1 + random.below(2); changes > 0; changes--) {
      const at = random.below(file.length);
      const change = random.below(3) === 0 ? "" : pick(random, characters);
      file = `${file.slice(0, at)}${change}${file.slice(at + random.below(2))}`;
    }
    if (!isPlainFile(file)) continue;
    plain++;
    expectNoSay(file);
  }
  expect(plain).toBeGreaterThan(100);
});

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

/** The reader takes it, and finds nothing in it that counts before the first call. */
function expectNoSay(file: string): void {
  const { config, warnings } = load(file);
  expect({ file, warnings }).toEqual({ file, warnings: [] });
  expect(config.socket).toEqual(load("").config.socket);
  expect(config).toMatchObject({ workers: 0, plugins: { allowUnsafe: false } });
  if (plainFile(file)?.hasFolders !== true) expect(config.plugins.dirs).toEqual([]);
}

describe("plainSettings", () => {
  test("APISIX's variables, and no file", () => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    const env = { ...ADDRESS, APISIX_CONF_EXPIRE_TIME: "3600", PATH: "/bin" };
    expect(plainSettings([], env, executable)).toEqual({
      socket: "/tmp/r.sock",
      hasFolders: false,
    });
  });

  test("the file beside the executable, and the one that is named", () => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    dir.write("config.yaml", "workers: 2\n");
    const named = dir.write("other.yaml", "logging:\n  level: info\n");
    expect(plainSettings([], ADDRESS, executable)).toBeUndefined();
    expect(plainSettings(["--config", named], ADDRESS, executable)).toBeDefined();
    for (const command of ["start", "run"]) {
      expect(plainSettings([command, "--config", named], ADDRESS, executable)).toBeDefined();
      expect(plainSettings([command, `--config=${named}`], ADDRESS, executable)).toBeDefined();
    }
    expect(plainSettings(["start"], ADDRESS, executable)).toBeUndefined();
    expect(
      plainSettings(["--timeout", "5s", "--config", named], ADDRESS, executable),
    ).toBeDefined();
    expect(
      plainSettings(["--config", named, "--config", named], ADDRESS, executable),
    ).toBeUndefined();
    expect(plainSettings(["--config", dir.file("none.yaml")], ADDRESS, executable)).toBeUndefined();
  });

  test.each([
    "unix:/tmp/a-b_c.d/r@1.sock",
    "/usr/local/apisix/conf/ext-plugin.sock",
    "unix:/tmp/../r.sock",
    "unix:/tmp//r.sock",
    "unix:/tmp/r.sock/",
    "unix:/tmp/./r.sock",
    "unix:r.sock",
    "unix:",
    "",
    "/",
    "$env.X",
    "/tmp/~/r.sock",
    "unix:unix:/tmp/r.sock",
    "127.0.0.1:80",
    `/tmp/${"x".repeat(100)}.sock`,
  ])("an address is read alike, or not at all: %s", (address) => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    const env = { APISIX_LISTEN_ADDRESS: address };
    const plain = plainSettings([], env, executable);
    if (plain === undefined) return;
    const { config } = loadConfig({ env, cwd: dir.path, executable });
    expect(config.socket.file).toBe(plain.socket);
  });

  test.each([
    ["no address", {}, []],
    ["a setting in a variable", { ...ADDRESS, APISIX_BUN_RUNNER_WORKERS: "2" }, []],
    ["a variable that is no setting", { ...ADDRESS, APISIX_BUN_RUNNER_LOG_LEVEL: "info" }, []],
    ["a variable without a value", { ...ADDRESS, APISIX_BUN_RUNNER_LOGGING_LEVEL: "" }, []],
    ["a list with an empty item", { ...ADDRESS, APISIX_BUN_RUNNER_SECRETS_ENV: "A::B" }, []],
    ["a worker's post", { ...ADDRESS, APISIX_BUN_RUNNER_WORKER: "1" }, []],
    ["what another image has left", { ...ADDRESS, APISIX_BUN_RUNNER_BEQUEST: "{}" }, []],
    ["a time that is none", { ...ADDRESS, APISIX_CONF_EXPIRE_TIME: "soon" }, []],
    ["no time", { ...ADDRESS, APISIX_CONF_EXPIRE_TIME: "0" }, []],
    ["another flag", ADDRESS, ["--workers", "2"]],
    ["a value that is not ordinary", ADDRESS, ["--log-level", "loud"]],
    ["a flag without its value", ADDRESS, ["--log-level="]],
    ["a flag twice, in both ways", ADDRESS, ["--log-level=info", "--log-level", "info"]],
    ["a name that every object has", ADDRESS, ["constructor", "1"]],
    ["a path in place of a flag", ADDRESS, ["logging.level", "info"]],
    ["a command", ADDRESS, ["plugins"]],
    ["a command twice", ADDRESS, ["start", "start"]],
    ["a command's help", ADDRESS, ["start", "--help"]],
    ["a file without a name", ADDRESS, ["--config"]],
    ["a file from the working directory", ADDRESS, ["--config", "config.yaml"]],
    ["a command after flags", ADDRESS, ["--config", "/etc/runner.yaml", "start"]],
  ])("is not plain: %s", (_what, env, args) => {
    using dir = new TempDir();
    expect(plainSettings(args, env, dir.write("runner", ""))).toBeUndefined();
  });

  test.skipIf(process.geteuid?.() !== 0)(
    "root (needs to be root): what others can change is not trusted",
    () => {
      using dir = new TempDir();
      const executable = dir.write("runner", "");
      const config = dir.write("config.yaml", "logging:\n  level: info\n");
      expect(plainSettings([], ADDRESS, executable)).toBeDefined();
      chmodSync(config, 0o666);
      expect(plainSettings([], ADDRESS, executable)).toBeUndefined();
      chmodSync(config, 0o644);
      chmodSync(executable, 0o777);
      expect(plainSettings([], ADDRESS, executable)).toBeUndefined();
    },
  );

  test.each([
    [["--plugins", "plugins"]],
    [["--plugins=./plugins/", "--log-level", "info", "--plugins", "/etc/more"]],
    [["start", "--plugins", "a/b.c"]],
  ])("folders, of which there may be several, are told: %j", (args) => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    expect(plainSettings(args, ADDRESS, executable)?.hasFolders).toBe(true);
    expect(startFlags(args)?.flags["plugins.dirs"]).toBeDefined();
    dir.write("config.yaml", "plugins:\n  timeout: 5s\n  dirs: [plugins]  # ours\n");
    expect(plainSettings([], ADDRESS, executable)?.hasFolders).toBe(true);
  });

  test.each(["../plugins", "~/plugins", "", ".", "-x", "a:b"])("no plain folder: %s", (folder) => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    expect(plainSettings(["--plugins", folder], ADDRESS, executable)).toBeUndefined();
  });

  test("a link to nowhere is no file", () => {
    using dir = new TempDir();
    symlinkSync("/nowhere", dir.file("config.yaml"));
    expect(plainSettings([], ADDRESS, dir.write("runner", ""))).toBeDefined();
  });
});
