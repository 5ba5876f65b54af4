/** What is taken for plain is taken by the reader of settings too, and means the same. */
import { describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync } from "node:fs";
import { Random } from "../../scripts/fuzz/random.ts";
import { startFlags } from "../../src/cli/start-flags.ts";
import { loadConfig } from "../../src/config/config.ts";
import { settings } from "../../src/config/settings.ts";
import { libcFiles } from "../../src/files/libc-files.ts";
import {
  isPlainFile,
  ordinaryValues,
  plainSettings as settingsBy,
} from "../../src/reception/plain-settings.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Reads them as a start does after the look at them. */
function load(text: string) {
  using dir = new TempDir();
  const configFile = dir.write("config.yaml", text);
  return loadConfig({ configFile, env: {}, cwd: dir.path, executable: dir.file("runner") });
}

const files = libcFiles()!;

/** As an executable asks. */
function plainSettings(args: string[], env: Record<string, string>, executable: string) {
  return settingsBy(args, env, executable, files);
}

const ADDRESS = { APISIX_LISTEN_ADDRESS: "unix:/tmp/r.sock" };

const values = [...settings].flatMap(([path, { flag }]) => {
  const ordinary = ordinaryValues(path);
  if (ordinary === undefined) return [];
  const [section, key] = path.split(".") as [string, string];
  const { allowed, beyond } =
    "words" in ordinary
      ? { allowed: ordinary.words, beyond: ["loud"] }
      : {
          allowed: [ordinary.min, ordinary.max].map((n) => `${n}${ordinary.unit}`),
          beyond: [ordinary.min - 1, ordinary.max + 1].map((n) => `${n}${ordinary.unit}`),
        };
  const fileOf = (text: string) => `${section}:\n  ${key}: ${text}\n`;
  return allowed.map(
    (text) =>
      [path, text, { flag: flag!, file: fileOf(text), beyond: beyond.map(fileOf) }] as const,
  );
});

test("there are ten settings with ordinary values, and each has them as a flag too", () => {
  const ordinary = new Set(values.map(([path]) => path));
  expect(ordinary.size).toBe(10);
  for (const [path, { flag }] of settings) {
    if (flag !== undefined) expect(ordinaryValues(flag)).toEqual(ordinaryValues(path));
  }
});

describe.each(values)("%s: %s", (_path, text, { flag, file, beyond }) => {
  test("is plain, and allowed", () => {
    expect(isPlainFile(file)).toBe(true);
    expect(() => load(file)).not.toThrow();
  });

  test("is plain, and allowed, as a flag too", () => {
    const sources = startFlags([flag, text])!;
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    expect(() => loadConfig({ ...sources, env: {}, cwd: dir.path, executable })).not.toThrow();
    expect(plainSettings([flag, text], ADDRESS, executable)).toBeDefined();
    expect(plainSettings([flag], ADDRESS, executable)).toBeUndefined();
    expect(plainSettings([flag, text, flag, text], ADDRESS, executable)).toBeUndefined();
  });

  test("what is beyond is not", () => {
    for (const text of beyond) expect(isPlainFile(text)).toBe(false);
  });
});

test("a file of several sections, with comments", () => {
  const file = `# The runner of the edge — größer\nlogging:\n  level: info\n  format: json\n\n# Later: more\nlimits:\n  confs: 500\n`;
  expect(isPlainFile(file)).toBe(true);
  expect(load(file).config).toMatchObject({
    logging: { level: "info", format: "json" },
    limits: { confs: 500 },
  });
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
  ["plugins from a folder", "plugins:\n  dirs: [plugins]\n"],
  ["a socket of its own", "socket:\n  file: /tmp/r.sock\n"],
  ["metrics", "metrics:\n  listen: 127.0.0.1:9090\n"],
  ["a secret", "secrets:\n  env: [TOKEN]\n"],
  ["a variable", "logging:\n  level: $env.LEVEL\n"],
  ["a comment behind a value", "logging:\n  level: info # why\n"],
  ["quotes", 'logging:\n  level: "info"\n'],
  ["another indent", "logging:\n    level: info\n"],
  ["a mapping in a line", "logging: {level: info}\n"],
  ["the ends of lines of Windows", "logging:\r\n  level: info\r\n"],
  ["a name that every object has", "logging:\n  constructor: 1\n"],
  ["a number in another notation", "limits:\n  confs: 1e3\n"],
  ["a number with a zero before it", "limits:\n  confs: 010\n"],
  ["another unit", "plugins:\n  timeout: 1m\n"],
  ["a character that YAML does not have", "# \u0007\nlogging:\n  level: info\n"],
  ["no UTF-8", "# \ufffd\nlogging:\n  level: info\n"],
  ["a document's beginning", "---\nlogging:\n  level: info\n"],
])("is not plain: %s", (_what, file) => {
  expect(isPlainFile(file)).toBe(false);
});

test("no mixture of what files are made of is plain and not allowed", () => {
  const random = new Random(20_261_128);
  const lines = [
    ...values.flatMap(([, , { file }]) => file.split("\n").filter(Boolean)),
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
    expect(() => load(file)).not.toThrow();
  }
  expect(plain).toBeGreaterThan(100);
});

describe("plainSettings", () => {
  test("APISIX's variables, and no file", () => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    const env = { ...ADDRESS, APISIX_CONF_EXPIRE_TIME: "3600", PATH: "/bin" };
    expect(plainSettings([], env, executable)).toEqual({ socket: "/tmp/r.sock" });
  });

  test("the file beside the executable, and the one that is named", () => {
    using dir = new TempDir();
    const executable = dir.write("runner", "");
    dir.write("config.yaml", "workers: 2\n");
    const named = dir.write("other.yaml", "logging:\n  level: info\n");
    expect(plainSettings([], ADDRESS, executable)).toBeUndefined();
    expect(plainSettings(["--config", named], ADDRESS, executable)).toBeDefined();
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
    ["what another image has left", { ...ADDRESS, APISIX_BUN_RUNNER_BEQUEST: "{}" }, []],
    ["a time that is none", { ...ADDRESS, APISIX_CONF_EXPIRE_TIME: "soon" }, []],
    ["no time", { ...ADDRESS, APISIX_CONF_EXPIRE_TIME: "0" }, []],
    ["another flag", ADDRESS, ["--workers", "2"]],
    ["a value that is not ordinary", ADDRESS, ["--log-level", "WARN"]],
    ["a flag and its value in one", ADDRESS, ["--log-level=info"]],
    ["a name that every object has", ADDRESS, ["constructor", "1"]],
    ["a path in place of a flag", ADDRESS, ["logging.level", "info"]],
    ["a command", ADDRESS, ["plugins"]],
    ["a file without a name", ADDRESS, ["--config"]],
    ["a file from the working directory", ADDRESS, ["--config", "config.yaml"]],
    ["more than a file", ADDRESS, ["--config", "/etc/runner.yaml", "start"]],
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

  test("a link to nowhere is no file", () => {
    using dir = new TempDir();
    symlinkSync("/nowhere", dir.file("config.yaml"));
    expect(plainSettings([], ADDRESS, dir.write("runner", ""))).toBeDefined();
  });
});
