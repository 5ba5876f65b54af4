import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, loadConfig, missingListenAddress } from "../../src/config/config.ts";
import { fileWith, folder, loadFile, problemsIn, problemsOf, sources } from "./folder.ts";

const defaults = {
  socket: { file: undefined, mode: undefined, owner: undefined, group: undefined },
  logging: { level: "warn", format: "text", file: undefined, redact: [] },
  plugins: { dirs: [], timeout: 10_000, watch: false, allowUnsafe: false },
  secrets: { env: [], files: [] },
  limits: {
    confs: 100_000,
    confBytes: 256 * 1024 * 1024,
    decodedBody: 64 * 1024 * 1024,
    memory: undefined,
  },
  store: { url: { engine: "memory" }, timeout: 200, memory: 64 * 1024 * 1024 },
  metrics: { listen: undefined },
  tracing: { endpoint: undefined, sample: 1, propagate: false },
  workers: 0,
  apisix: { version: undefined },
  watchdog: { timeout: 5000 },
  confExpireTime: 3_600_000,
} as const;

describe("without any file", () => {
  test("everything has a default", () => {
    expect(loadConfig(sources())).toStrictEqual({ config: defaults, warnings: [] });
  });

  test("APISIX says where to listen and how long tokens live", () => {
    const env = {
      PATH: "/usr/bin",
      APISIX_LISTEN_ADDRESS: "unix:/usr/local/apisix/conf/apisix-1.sock",
      APISIX_CONF_EXPIRE_TIME: "60",
    };
    const { config } = loadConfig(sources({ env }));
    expect(config.socket.file).toBe("/usr/local/apisix/conf/apisix-1.sock");
    expect(config.confExpireTime).toBe(60_000);
  });

  test("a relative APISIX_LISTEN_ADDRESS starts from the working directory", () => {
    const { config } = loadConfig(sources({ env: { APISIX_LISTEN_ADDRESS: "unix:conf/a.sock" } }));
    expect(config.socket.file).toBe("/cwd/conf/a.sock");
  });

  test("an empty APISIX_CONF_EXPIRE_TIME is none", () => {
    expect(
      loadConfig(sources({ env: { APISIX_CONF_EXPIRE_TIME: "" } })).config.confExpireTime,
    ).toBe(3_600_000);
  });

  test("APISIX_LISTEN_ADDRESS does not matter where another address is given", () => {
    const from = sources({
      env: { APISIX_LISTEN_ADDRESS: "127.0.0.1:9000" },
      flags: { "socket.file": "/a" },
    });
    expect(loadConfig(from).config.socket.file).toBe("/a");
  });

  test("an empty APISIX_LISTEN_ADDRESS is none", () => {
    const { config } = loadConfig(sources({ env: { APISIX_LISTEN_ADDRESS: "" } }));
    expect(config.socket.file).toBeUndefined();
  });

  test("what to do without an address is said in one line", () => {
    const line = missingListenAddress();
    for (const part of [
      "APISIX_LISTEN_ADDRESS",
      "ext-plugin.cmd",
      "--socket /tmp/runner.sock",
      "socket.file",
      "ext-plugin.path_for_test",
    ]) {
      expect(line).toContain(part);
    }
    expect(line).not.toContain("\n");
  });
});

describe("the file", () => {
  test("every key", () => {
    const configFile = fileWith(`
socket: { file: "unix:run/a.sock", mode: "0660", owner: nobody, group: 1000 }
logging: { level: WARN, format: json, file: runner.log, redact: [x-token] }
plugins: { dirs: [a, /b/c], timeout: 500ms, watch: true }
secrets: { env: [A, b_2], files: [/run/secrets/key] }
limits: { confs: 5, confBytes: 1MiB, decodedBody: 1GiB }
store: { url: "sqlite:/var/lib/store.db", timeout: 1s, memory: 1MiB }
metrics: { listen: "127.0.0.1:9101" }
tracing: { endpoint: "http://127.0.0.1:4318", sample: 0.1, propagate: true }
workers: 3
apisix: { version: "3.2" }
watchdog: { timeout: off }
`);
    expect(loadConfig(sources({ configFile }))).toStrictEqual({
      config: {
        socket: { file: join(folder, "run/a.sock"), mode: 0o660, owner: "nobody", group: 1000 },
        logging: {
          level: "warn",
          format: "json",
          file: join(folder, "runner.log"),
          redact: ["x-token"],
        },
        plugins: {
          dirs: [join(folder, "a"), "/b/c"],
          timeout: 500,
          watch: true,
          allowUnsafe: false,
        },
        secrets: { env: ["A", "b_2"], files: ["/run/secrets/key"] },
        limits: { confs: 5, confBytes: 2 ** 20, decodedBody: 2 ** 30, memory: undefined },
        store: {
          url: { engine: "sqlite", path: "/var/lib/store.db" },
          timeout: 1000,
          memory: 2 ** 20,
        },
        metrics: { listen: { host: "127.0.0.1", port: 9101 } },
        tracing: { endpoint: "http://127.0.0.1:4318/v1/traces", sample: 0.1, propagate: true },
        workers: 3,
        apisix: { version: "3.2.0" },
        watchdog: { timeout: 0 },
        confExpireTime: 3_600_000,
      },
      file: configFile,
      warnings: [],
    });
  });

  test("of a user of the Python runner", () => {
    const content =
      "socket:\n  file: $env.APISIX_LISTEN_ADDRESS # Environment Quote or file path\nlogging:\n  level: DEBUG\n";
    const config = loadFile(content, { env: { APISIX_LISTEN_ADDRESS: "unix:/tmp/a.sock" } });
    expect(config.socket.file).toBe("/tmp/a.sock");
    expect(config.logging.level).toBe("debug");
  });

  test.each([
    ["nothing", ""],
    ["a comment", "# nothing\n"],
    ["null", "~"],
    ["an empty document", "---\n"],
    ["empty sections", "socket:\nlogging: {}\nplugins: ~\n"],
    [
      "empty keys",
      "socket: { file: , mode: }\nplugins:\n  dirs:\n  timeout:\nsecrets: { env: [] }\n",
    ],
    ["a byte order mark and CRLF", "\ufefflogging:\r\n  level: warn\r\n"],
  ])("%s leaves the defaults", (_name, content) => {
    expect(loadFile(content)).toStrictEqual(defaults);
  });

  test("anchors, aliases and merge keys", () => {
    const config = loadFile("logging: &l\n  level: &v debug\n  format: json\n");
    expect(config.logging).toMatchObject({ level: "debug", format: "json" });
    const secrets = loadFile("secrets: { env: &names [A, B], files: [] }\n").secrets;
    expect(secrets.env).toEqual(["A", "B"]);
    expect(loadFile("socket: &s { owner: &o nobody, group: *o }\n").socket).toMatchObject({
      owner: "nobody",
      group: "nobody",
    });
    expect(
      loadFile("logging:\n  <<: { level: debug, format: json }\n  level: info\n").logging,
    ).toMatchObject({
      level: "info",
      format: "json",
    });
  });
});

describe("which file", () => {
  const beside = mkdtempSync(join(folder, "beside-"));
  writeFileSync(join(beside, "config.yaml"), "logging: { level: info }");
  const executable = join(beside, "runner");
  const named = fileWith("logging: { level: debug }");
  const other = fileWith("logging: { level: error }");

  test("the one beside the executable", () => {
    const { config, file } = loadConfig(sources({ executable }));
    expect(config.logging.level).toBe("info");
    expect(file).toBe(join(beside, "config.yaml"));
  });

  test("rather the one that the environment names", () => {
    const { config, file } = loadConfig(
      sources({ executable, env: { APISIX_BUN_RUNNER_CONFIG: named } }),
    );
    expect(config.logging.level).toBe("debug");
    expect(file).toBe(named);
  });

  test("rather the one that the command line names", () => {
    const { config } = loadConfig(
      sources({ executable, env: { APISIX_BUN_RUNNER_CONFIG: named }, configFile: other }),
    );
    expect(config.logging.level).toBe("error");
  });

  test("an empty variable names none", () => {
    expect(loadConfig(sources({ env: { APISIX_BUN_RUNNER_CONFIG: "" } })).file).toBeUndefined();
  });

  test("a relative name starts from the working directory", () => {
    for (const from of [
      { configFile: "config.yaml" },
      { env: { APISIX_BUN_RUNNER_CONFIG: "config.yaml" } },
    ]) {
      expect(loadConfig(sources({ ...from, cwd: beside })).file).toBe(join(beside, "config.yaml"));
    }
  });

  test("a named file that is not there is an error", () => {
    const missing = join(folder, "missing.yaml");
    expect(problemsIn(sources({ configFile: missing }))).toEqual([
      `${missing}: the config file named by --config cannot be read: ENOENT: no such file or directory`,
    ]);
    expect(problemsIn(sources({ env: { APISIX_BUN_RUNNER_CONFIG: "missing.yaml" } }))).toEqual([
      "/cwd/missing.yaml: the config file named by APISIX_BUN_RUNNER_CONFIG cannot be read: ENOENT: no such file or directory",
    ]);
  });

  test("a folder is an error, beside the executable as well", () => {
    expect(problemsIn(sources({ configFile: folder }))).toEqual([
      `${folder}: the config file named by --config cannot be read: EISDIR: illegal operation on a directory`,
    ]);
    const bin = mkdtempSync(join(folder, "bin-"));
    mkdirSync(join(bin, "config.yaml"));
    expect(problemsIn(sources({ executable: join(bin, "runner") }))).toEqual([
      `${bin}/config.yaml: the config file cannot be read: EISDIR: illegal operation on a directory`,
    ]);
  });

  test("a name that would break the line is spelled out", () => {
    const odd = join(folder, "a\nb.yaml");
    const [missing = ""] = problemsIn(sources({ configFile: odd }));
    expect(missing).toStartWith(
      `${folder}/a\\u000ab.yaml: the config file named by --config cannot be read`,
    );
    writeFileSync(odd, "a: 1");
    const [unknown = ""] = problemsIn(sources({ configFile: odd }));
    expect(unknown).toStartWith(`${folder}/a\\u000ab.yaml:1:1: unknown key a`);
  });

  test("a file that is not UTF-8 is an error", () => {
    expect(problemsOf(new Uint8Array([0x61, 0x3a, 0xff]))).toEqual([
      "file: the config file named by --config cannot be read: it is not UTF-8 text",
    ]);
  });
});

describe("precedence", () => {
  const file =
    "logging: { level: info }\nplugins: { dirs: [a], timeout: 1s }\nlimits: { confs: 1, decodedBody: 1 }\n";
  const env = {
    APISIX_BUN_RUNNER_LOGGING_LEVEL: "debug",
    APISIX_BUN_RUNNER_PLUGINS_DIRS: "b:/c::",
    APISIX_BUN_RUNNER_LIMITS_DECODED_BODY: "2KiB",
    APISIX_BUN_RUNNER_LIMITS_CONFS: "",
  };

  test("flags over environment over file", () => {
    const flags = { "logging.level": "error", "plugins.dirs": ["d", "/e"] };
    expect(loadFile(file, { env, flags })).toMatchObject({
      logging: { level: "error" },
      plugins: { dirs: ["/cwd/d", "/e"], timeout: 1000, watch: false, allowUnsafe: false },
      limits: { confs: 1, confBytes: 2 ** 28, decodedBody: 2048, memory: undefined },
    });
  });

  test("environment over file", () => {
    expect(loadFile(file, { env })).toMatchObject({
      logging: { level: "debug" },
      plugins: { dirs: ["/cwd/b", "/c"], timeout: 1000, watch: false, allowUnsafe: false },
      limits: { confs: 1, confBytes: 2 ** 28, decodedBody: 2048, memory: undefined },
    });
  });

  test("for the socket", () => {
    const content = "socket: { file: from-file }";
    const from = (more: object) =>
      loadFile(content, { env: { APISIX_LISTEN_ADDRESS: "/from-apisix" }, ...more }).socket.file;
    expect(from({})).toBe(join(folder, "from-file"));
    expect(from({ flags: { "socket.file": "from-flag" } })).toBe("/cwd/from-flag");
    expect(from({ env: { APISIX_BUN_RUNNER_SOCKET_FILE: "unix:from-env" } })).toBe("/cwd/from-env");
    expect(from({ flags: { "socket.file": undefined } })).toBe(join(folder, "from-file"));
  });

  test("a list may be one flag", () => {
    expect(loadConfig(sources({ flags: { "plugins.dirs": "a:b" } })).config.plugins.dirs).toEqual([
      "/cwd/a:b",
    ]);
    expect(loadConfig(sources({ flags: { "plugins.dirs": [] } })).config.plugins.dirs).toEqual([]);
  });

  test("a flag that can be given once only", () => {
    expect(loadConfig(sources({ flags: { "logging.level": ["info"] } })).config.logging.level).toBe(
      "info",
    );
    expect(problemsIn(sources({ flags: { "logging.level": ["info", "warn"] } }))).toEqual([
      "--log-level: logging.level is given 2 times; allowed: once",
    ]);
  });

  test("what is wrong is an error even where it does not count", () => {
    expect(
      problemsOf("logging: { level: loud }", {
        env: { APISIX_BUN_RUNNER_LOGGING_LEVEL: "high" },
        flags: { "logging.level": "info" },
      }),
    ).toEqual([
      'APISIX_BUN_RUNNER_LOGGING_LEVEL: logging.level is "high"; allowed: debug, info, warn or error',
      'file:1:19: logging.level is "loud"; allowed: debug, info, warn or error',
    ]);
  });
});

describe("$env.NAME", () => {
  test("is replaced, in lists too, and its relative paths start from the working directory", () => {
    const content =
      "plugins: { dirs: [a, $env.DIR], timeout: $env.TIMEOUT }\nlogging: { file: $env.LOG }\nlimits: { confs: $env.N }\n";
    const config = loadFile(content, { env: { DIR: "b", TIMEOUT: "3s", LOG: "x.log", N: "7" } });
    expect(config.plugins).toEqual({
      dirs: [join(folder, "a"), "/cwd/b"],
      timeout: 3000,
      watch: false,
      allowUnsafe: false,
    });
    expect(config.logging.file).toBe("/cwd/x.log");
    expect(config.limits.confs).toBe(7);
  });

  test("may stand for a whole list", () => {
    expect(
      loadFile("plugins: { dirs: $env.DIRS }", { env: { DIRS: "a:/b" } }).plugins.dirs,
    ).toEqual(["/cwd/a", "/b"]);
  });

  test("unset, socket.file counts as left out", () => {
    expect(loadFile("socket: { file: $env.NOPE }").socket.file).toBeUndefined();
    expect(
      loadFile("socket: { file: $env.NOPE }", { env: { NOPE: "" } }).socket.file,
    ).toBeUndefined();
    expect(
      loadFile("socket: { file: $env.NOPE }", { env: { APISIX_LISTEN_ADDRESS: "/a" } }).socket.file,
    ).toBe("/a");
  });

  test("unset, anything else is an error that names variable and key", () => {
    expect(
      problemsOf(
        "logging: { file: $env.LOG }\nplugins: { dirs: [a, $env.DIR], timeout: $env.toString }",
      ),
    ).toEqual([
      'file:1:18: logging.file is "$env.LOG", but the environment variable LOG is not set',
      'file:2:22: plugins.dirs[1] is "$env.DIR", but the environment variable DIR is not set',
      'file:2:42: plugins.timeout is "$env.toString", but the environment variable toString is not set',
    ]);
  });

  test("what a variable holds is checked and never shown", () => {
    const env = { KEY: "sk-12345", LONG: "x".repeat(200) };
    const problems = problemsOf(
      "plugins: { timeout: $env.KEY, dirs: [$env.KEY] }\nlogging: { level: $env.KEY }\nsocket: { file: $env.LONG }",
      { env },
    );
    expect(problems.join("\n")).not.toMatch(/sk-1|xxx/);
    expect(problems).toEqual([
      "file:3:17: socket.file is what $env.LONG holds (not shown, it may be a secret) (the absolute path is 205 bytes long, 107 is the limit); " +
        "allowed: the path of a Unix socket, at most 107 bytes long, with or without unix: before it",
      "file:2:19: logging.level is what $env.KEY holds (not shown, it may be a secret); allowed: debug, info, warn or error",
      expect.stringContaining(
        "file:1:21: plugins.timeout is what $env.KEY holds (not shown, it may be a secret); allowed: a duration",
      ),
    ]);
  });

  test("as a part of a value is an error", () => {
    expect(
      problemsOf("plugins: { dirs: [$env.HOME/plugins, 'a/$env.', $env.1A, 'x$env.A'] }"),
    ).toEqual([
      'file:1:19: plugins.dirs[0] is "$env.HOME/plugins"; allowed: $env.NAME as the whole value, not as a part',
      'file:1:38: plugins.dirs[1] is "a/$env."; allowed: $env.NAME as the whole value, not as a part',
      'file:1:49: plugins.dirs[2] is "$env.1A"; allowed: $env.NAME as the whole value, not as a part',
      'file:1:58: plugins.dirs[3] is "x$env.A"; allowed: $env.NAME as the whole value, not as a part',
    ]);
  });

  test("names no secret by its content", () => {
    expect(problemsOf("secrets: { env: [$env.KEY] }", { env: { KEY: "sk-12345" } })).toEqual([
      'file:1:18: secrets.env[0] is "$env.KEY"; allowed: the name of an environment variable such as API_KEY',
    ]);
  });

  test("means nothing in flags and variables", () => {
    expect(
      loadConfig(sources({ flags: { "plugins.dirs": ["$env.A"] }, env: { A: "b" } })).config.plugins
        .dirs,
    ).toEqual(["/cwd/$env.A"]);
  });
});

describe("warnings", () => {
  test("a variable with the runner's prefix that is no setting", () => {
    const env = {
      APISIX_BUN_RUNNER_LOGING_LEVEL: "debug",
      APISIX_BUN_RUNNER_ZZZZ: "1",
      "APISIX_BUN_RUNNER_\n": "1",
      APISIX_BUN_RUNNER_LOGGING_FORMAT: "text",
      APISIX_BUN_RUNNER_CONFIG: "",
      APISIX_OTHER: "1",
    };
    expect(loadConfig(sources({ env })).warnings).toEqual([
      "the environment variable APISIX_BUN_RUNNER_LOGING_LEVEL is no setting and is ignored; did you mean APISIX_BUN_RUNNER_LOGGING_LEVEL?",
      "the environment variable APISIX_BUN_RUNNER_ZZZZ is no setting and is ignored",
      'the environment variable "APISIX_BUN_RUNNER_\\n" is no setting and is ignored',
    ]);
  });
});

test("all problems come at once, one line each", () => {
  const env = { APISIX_CONF_EXPIRE_TIME: "1h", APISIX_BUN_RUNNER_LIMITS_CONFS: "many" };
  const from = sources({
    configFile: fileWith("a: 1\nlogging: { level: 1 }"),
    env,
    flags: { "plugins.timeout": "60s" },
  });
  const attempt = () => loadConfig(from);
  expect(attempt).toThrow(ConfigError);
  const problems = problemsIn(from);
  expect(problems).toHaveLength(5);
  expect(problems.filter((line) => line.includes("\n"))).toEqual([]);
  expect(attempt).toThrow(problems.join("\n"));
  expect(problems).toContain(
    'APISIX_CONF_EXPIRE_TIME: it is "1h"; allowed: a whole number from 1 to 31536000, in seconds',
  );
});

test.each(["0", "-1", "1.5", "60s", " 60", "31536001", "1e3", "NaN"])(
  "APISIX_CONF_EXPIRE_TIME of %p is an error",
  (value) => {
    expect(problemsIn(sources({ env: { APISIX_CONF_EXPIRE_TIME: value } }))).toEqual([
      `APISIX_CONF_EXPIRE_TIME: it is ${JSON.stringify(value)}; allowed: a whole number from 1 to 31536000, in seconds`,
    ]);
  },
);

test("a file that cannot be read does not hide other problems", () => {
  expect(
    problemsIn(sources({ configFile: "/missing", flags: { "logging.level": "x" } })),
  ).toHaveLength(2);
});
