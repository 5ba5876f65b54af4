import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type Config, loadConfig, type SettingPath } from "../../src/config/config.ts";
import { loadFile, problemsIn, problemsOf, sources } from "./folder.ts";

/** The value that a setting has in the end. */
function valueIn(config: Config, path: SettingPath): unknown {
  const [section = "", key = ""] = path.split(".");
  return Reflect.get(Reflect.get(config, section), key);
}

function fromFile(path: SettingPath, yaml: string): unknown {
  const [section, key] = path.split(".");
  return valueIn(loadFile(`${section}:\n  ${key}: ${yaml}\n`), path);
}

function fromFlag(path: SettingPath, text: string): unknown {
  return valueIn(loadConfig(sources({ flags: { [path]: text } })).config, path);
}

function refusedInFile(path: SettingPath, yaml: string): string {
  const [section, key = ""] = path.split(".");
  const problems = problemsOf(`${section}:\n  ${key}: ${yaml}\n`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toStartWith(`file:2:${key.length + 5}: ${path} is `);
  return problems[0] ?? "";
}

function refusedAsFlag(path: SettingPath, text: string): string {
  const problems = problemsIn(sources({ flags: { [path]: text } }));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toStartWith("--");
  return problems[0] ?? "";
}

describe("levels and formats", () => {
  test.each(["debug", "DEBUG", "Debug"])("%s", (level) => {
    expect(fromFile("logging.level", level)).toBe("debug");
    expect(fromFlag("logging.level", level)).toBe("debug");
  });

  test.each([
    ["loud", 'is "loud"; allowed: debug, info, warn or error'],
    ["WARNING", 'is "WARNING" (did you mean warn?); allowed: debug, info, warn or error'],
    ["eror", 'is "eror" (did you mean error?); allowed: debug, info, warn or error'],
    ["30", "is 30; allowed: debug, info, warn or error"],
    ["true", "is true; allowed: debug, info, warn or error"],
    ["[info]", "is a list; allowed: debug, info, warn or error"],
    ["{ a: b }", "is a mapping; allowed: debug, info, warn or error"],
    ["''", 'is ""; allowed: debug, info, warn or error'],
  ])("%s is refused", (yaml, problem) => {
    expect(refusedInFile("logging.level", yaml)).toEndWith(`: logging.level ${problem}`);
  });

  test("a format", () => {
    expect(fromFile("logging.format", "JSON")).toBe("json");
    expect(refusedInFile("logging.format", "xml")).toEndWith(
      'logging.format is "xml"; allowed: text or json',
    );
  });
});

describe("durations", () => {
  test.each([
    ["10s", 10_000],
    ["500ms", 500],
    ["1ms", 1],
    ["0.5s", 500],
    ["55s", 55_000],
    ["0.9m", 54_000],
  ])("%s", (text, ms) => {
    expect(fromFile("plugins.timeout", text)).toBe(ms);
    expect(fromFlag("plugins.timeout", text)).toBe(ms);
  });

  const allowed =
    "allowed: a duration with its unit (ms, s or m) such as 500ms or 10s, above 0 and at most 55s (APISIX gives up after 60s)";

  test.each([["10"], ["'10'"], ["0.5"], ["0"]])("%s has no unit", (yaml) => {
    const shown = yaml.replaceAll("'", '"');
    expect(refusedInFile("plugins.timeout", yaml)).toEndWith(
      `is ${shown} (the unit is missing); ${allowed}`,
    );
  });

  test.each([
    "0s",
    "0ms",
    "0.1ms",
    "55001ms",
    "56s",
    "1m",
    "60s",
    "-1s",
    "10 s",
    "10S",
    "1h",
    "s",
    "1s2ms",
    "1e3ms",
    "PT10S",
    "٣s",
  ])("%s is refused", (text) => {
    expect(refusedInFile("plugins.timeout", text)).toEndWith(
      `is ${JSON.stringify(text)}; ${allowed}`,
    );
    expect(refusedAsFlag("plugins.timeout", text)).toEndWith(
      `is ${JSON.stringify(text)}; ${allowed}`,
    );
  });

  test.each([".inf", ".nan", "-5"])("the number %s is refused", (yaml) => {
    expect(refusedInFile("plugins.timeout", yaml)).toEndWith(
      `is ${yaml} (the unit is missing); ${allowed}`,
    );
  });

  test("a list with a duration is none", () => {
    expect(refusedInFile("plugins.timeout", "[10s]")).toContain("is a list; allowed");
  });
});

describe("sizes", () => {
  test.each([
    ["64MiB", 67_108_864],
    ["1GiB", 2 ** 30],
    ["4GiB", 2 ** 32],
    ["512KiB", 524_288],
    ["10MB", 10_000_000],
    ["1KB", 1000],
    ["4GB", 4e9],
    ["1024", 1024],
    ["1", 1],
  ])("%s", (text, bytes) => {
    expect(fromFile("limits.decodedBody", text)).toBe(bytes);
    expect(fromFlag("limits.decodedBody", text)).toBe(bytes);
  });

  test.each([
    "0",
    "-1",
    "1.5",
    "64mib",
    "64M",
    "64 MiB",
    "1.5MiB",
    "5GiB",
    "4294967297",
    "1TiB",
    "MiB",
    "99999999999999999999GiB",
    "0MiB",
  ])("%s is refused", (text) => {
    expect(refusedAsFlag("limits.decodedBody", text)).toEndWith(
      `is "${text}"; allowed: a whole number of bytes, or one with its unit (KiB, MiB, GiB, KB, MB or GB) such as 64MiB, above 0 and at most 4GiB`,
    );
    refusedInFile("limits.decodedBody", text);
  });
});

describe("counts", () => {
  test.each(["1", "100000", "10000000"])("%s", (text) => {
    expect(fromFile("limits.confs", text)).toBe(Number(text));
    expect(fromFlag("limits.confs", text)).toBe(Number(text));
  });

  test.each(["0", "-1", "1.5", "10000001", "many", "1_000"])("%s is refused", (text) => {
    expect(refusedInFile("limits.confs", text)).toEndWith(
      "; allowed: a whole number from 1 to 10000000",
    );
    expect(refusedAsFlag("limits.confs", text)).toEndWith(
      `is "${text}"; allowed: a whole number from 1 to 10000000`,
    );
  });
});

describe("the mode of the socket", () => {
  test.each([
    '"0660"',
    "'660'",
    "'0o660'",
    "0660",
    "660",
    "00660",
    "0o660",
    "432",
    "0x1b0",
    "0660 # 0o660",
  ])("%s is 0660", (yaml) => {
    expect(fromFile("socket.mode", yaml)).toBe(0o660);
  });

  test.each(["0600", "0o600", "384"])("%s is 0600", (yaml) => {
    expect(fromFile("socket.mode", yaml)).toBe(0o600);
  });

  test.each(["0777", "0o777", "511"])("%s is 0777", (yaml) => {
    expect(fromFile("socket.mode", yaml)).toBe(0o777);
  });

  test.each(["0660", "660", "0o660"])("%s as a flag is 0660", (text) => {
    expect(fromFlag("socket.mode", text)).toBe(0o660);
  });

  const allowed = 'allowed: octal permission bits from "0600" to "0777" such as "0660"';

  test.each([
    "0400",
    "0432",
    "0511",
    "0888",
    "0680",
    "1777",
    "01777",
    "4755",
    "0o1224",
    "6.6e2",
    "0x294",
    "-660",
    "0",
    "7",
    "660.5",
    "true",
    "0b110110000",
  ])("%s is refused as it is written", (yaml) => {
    expect(refusedInFile("socket.mode", yaml)).toMatch(
      new RegExp(`socket\\.mode is "?${yaml}"?; ${allowed}$`),
    );
  });

  test.each(["'432'", "'0400'", "rw-rw----", "u=rw", "''", "'0660 '", "'06600'"])(
    "%s is refused",
    (yaml) => {
      expect(refusedInFile("socket.mode", yaml)).toEndWith(allowed);
    },
  );

  test("432 as a flag is octal, and too little", () => {
    expect(refusedAsFlag("socket.mode", "432")).toEndWith(`is "432"; ${allowed}`);
  });
});

describe("owner and group", () => {
  test.each([
    ["nobody", "nobody"],
    ["www-data", "www-data"],
    ["_apisix", "_apisix"],
    ["user.name@domain", "user.name@domain"],
    ["0", 0],
    ["1000", 1000],
    ["'1000'", 1000],
    ["4294967294", 4294967294],
  ])("%s", (yaml, account) => {
    expect(fromFile("socket.owner", yaml)).toBe(account);
    expect(fromFile("socket.group", yaml)).toBe(account);
    expect(fromFlag("socket.group", yaml.replaceAll("'", ""))).toBe(account);
  });

  test.each([
    "-1",
    "1.5",
    "4294967295",
    "'a b'",
    "a:b",
    "/a",
    "'-x'",
    "''",
    "[a]",
    "true",
    '"a\\nb"',
  ])("%s is refused", (yaml) => {
    expect(refusedInFile("socket.owner", yaml)).toEndWith(
      "; allowed: the name or the numeric id of a user",
    );
    expect(refusedInFile("socket.group", yaml)).toEndWith(
      "; allowed: the name or the numeric id of a group",
    );
  });
});

describe("the socket", () => {
  test.each([
    ["/tmp/a.sock", "/tmp/a.sock"],
    ["unix:/tmp/a.sock", "/tmp/a.sock"],
    ["unix:///tmp/a.sock", "/tmp/a.sock"],
    ["unix:a.sock", "/cwd/a.sock"],
    ["./x/../a.sock", "/cwd/a.sock"],
    ["/tmp/a:1/b", "/tmp/a:1/b"],
  ])("%s", (text, path) => {
    expect(fromFlag("socket.file", text)).toBe(path);
  });

  test("of 107 bytes is the longest", () => {
    const longest = `/${"é".repeat(53)}`;
    expect(Buffer.byteLength(longest)).toBe(107);
    expect(fromFlag("socket.file", longest)).toBe(longest);
    expect(refusedAsFlag("socket.file", `${longest}x`)).toContain(
      " (the absolute path is 108 bytes long, 107 is the limit); allowed: ",
    );
  });

  test("that is relative counts with its folder", () => {
    expect(refusedAsFlag("socket.file", "x".repeat(103))).toContain("is 108 bytes long");
    expect(fromFlag("socket.file", "x".repeat(102))).toBe(resolve("/cwd", "x".repeat(102)));
  });

  test.each([
    "127.0.0.1:9000",
    "localhost:80",
    "[::1]:80",
    "tcp://a",
    "http://a/b",
    "unix:1.2.3.4:5",
  ])("%s is none", (text) => {
    expect(refusedAsFlag("socket.file", text)).toContain(
      "(APISIX calls a runner over a Unix socket only); allowed: the path of a Unix socket",
    );
  });

  test.each(["", "unix:", "a\0b"])("%p is refused", (text) => {
    expect(refusedAsFlag("socket.file", text)).toEndWith(
      `is ${JSON.stringify(text)}; allowed: the path of a Unix socket, at most 107 bytes long, with or without unix: before it`,
    );
  });

  test("a bad APISIX_LISTEN_ADDRESS is named", () => {
    expect(problemsIn(sources({ env: { APISIX_LISTEN_ADDRESS: "127.0.0.1:9000" } }))).toEqual([
      expect.stringMatching(
        /^APISIX_LISTEN_ADDRESS: socket.file is "127.0.0.1:9000" \(APISIX calls/,
      ),
    ]);
  });
});

describe("paths and names", () => {
  test("~ is not expanded", () => {
    for (const path of ["plugins.dirs", "logging.file", "socket.file"] as const) {
      expect(refusedAsFlag(path, "~/a")).toContain(
        'is "~/a" (~ is not expanded here); allowed: the path of a ',
      );
    }
  });

  test("a list has to be one", () => {
    expect(problemsOf("plugins: { dirs: /a }\nsecrets: { env: A, files: { a: /b } }")).toEqual([
      'file:1:18: plugins.dirs is "/a"; allowed: a list, each item the path of a folder',
      'file:2:17: secrets.env is "A"; allowed: a list, each item the name of an environment variable such as API_KEY',
      "file:2:27: secrets.files is a mapping; allowed: a list, each item the absolute path of a file",
    ]);
  });

  test("each item is checked and named", () => {
    expect(
      problemsOf(
        "plugins:\n  dirs:\n    - a\n    - 1\n    -\n    - ''\n    - [b]\nsecrets:\n  env: [A-B, 1A, A]\n  files: [a, /b, ./c]",
      ),
    ).toEqual([
      "file:4:7: plugins.dirs[1] is 1; allowed: the path of a folder",
      expect.stringMatching(
        /^file:[56]:\d+: plugins.dirs\[2\] is empty; allowed: the path of a folder$/,
      ),
      'file:6:7: plugins.dirs[3] is ""; allowed: the path of a folder',
      "file:7:7: plugins.dirs[4] is a list; allowed: the path of a folder",
      'file:9:9: secrets.env[0] is "A-B"; allowed: the name of an environment variable such as API_KEY',
      'file:9:14: secrets.env[1] is "1A"; allowed: the name of an environment variable such as API_KEY',
      'file:10:11: secrets.files[0] is "a"; allowed: the absolute path of a file',
      'file:10:18: secrets.files[2] is "./c"; allowed: the absolute path of a file',
    ]);
    const env = { APISIX_BUN_RUNNER_SECRETS_ENV: "A:B C" };
    expect(problemsIn(sources({ env }))).toEqual([
      'APISIX_BUN_RUNNER_SECRETS_ENV: secrets.env[1] is "B C"; allowed: the name of an environment variable such as API_KEY',
    ]);
  });

  test("paths of secrets are made plain", () => {
    expect(fromFile("secrets.files", "[/a//b/../c/]")).toEqual(["/a/c"]);
  });
});

test("a value is shown short, in one line, and cannot act on a terminal", () => {
  const hostile = `a\nb\x1b[31m\u2028\u202e\x9b${"x".repeat(5000)}`;
  const problem = refusedAsFlag("logging.level", hostile);
  expect(problem).toContain('is "a\\nb\\u001b[31m\\u2028\\u202e\\u009bxxx');
  expect(problem).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  expect(problem.length).toBeLessThan(300);
  const [unknown = ""] = problemsOf(`${JSON.stringify(hostile)}: 1`);
  expect(unknown).toContain('unknown key "a\\nb\\u001b[31m');
  expect(unknown).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  expect(unknown.length).toBeLessThan(300);
});
