/** What lies in the working directory, in the environment, and in the hands of other users. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { nextReply, prepare, prepareBytes, PRE_REQ, requestBytes } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { run } from "../support/run.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

let dir: TempDir;

beforeEach(() => {
  dir = new TempDir();
});

afterEach(() => dir[Symbol.dispose]());

const HELLO = `import { stop } from "apisix-bun-runner"; export default { request: () => stop("hello") };`;

test("files in the working directory change nothing", async () => {
  const evil = `require("node:fs").writeFileSync(${JSON.stringify(dir.file("ran"))}, "x");`;
  dir.write("evil.cjs", evil);
  dir.write("cwd/evil.cjs", evil);
  dir.write("cwd/.env", "APISIX_BUN_RUNNER_LOGGING_LEVEL=nonsense\n");
  dir.write("cwd/.env.local", "APISIX_BUN_RUNNER_LOGGING_LEVEL=nonsense\n");
  dir.write("cwd/bunfig.toml", `preload = ["./evil.cjs"]\n`);
  dir.write(
    "cwd/tsconfig.json",
    `{"compilerOptions":{"paths":{"apisix-bun-runner":["./evil.cjs"]}}}`,
  );
  dir.write(
    "cwd/package.json",
    `{"imports":{"#x":"./evil.cjs"},"main":"./evil.cjs","type":"commonjs"}`,
  );
  dir.write("cwd/node_modules/apisix-bun-runner/index.js", evil);
  dir.write("plugins/hello.ts", HELLO);
  const socket = dir.file("s");
  const child = Bun.spawn(
    [
      executable,
      "start",
      "--plugins",
      dir.file("plugins"),
      "--socket",
      socket,
      "--log-level",
      "info",
    ],
    {
      cwd: dir.file("cwd"),
      env: {},
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  const output = child.stderr.getReader();
  // At level info, and so with none of the settings in .env, the first line says that it listens.
  const first = new TextDecoder().decode((await output.read()).value);
  expect(first).toContain("listening");
  using connection = await RawConnection.connect(socket);
  const confToken = await prepare(connection, [["hello", ""]]);
  await connection.send(requestBytes({ confToken }));
  expect(await nextReply(connection)).toMatchObject({ kind: "stop" });
  expect(await Bun.file(dir.file("ran")).exists()).toBe(false);
  child.kill("SIGKILL");
  await child.exited;
});

describe("the environment", () => {
  test("BUN_BE_BUN makes the executable the bun command, which nothing inside it can prevent", async () => {
    const { stdout } = await run(["--version"], { env: { BUN_BE_BUN: "1" } });
    expect(stdout.trim()).toBe(Bun.version);
  });

  test("env -u takes BUN_BE_BUN and BUN_OPTIONS away, as docs/security.md has it in ext-plugin.cmd", async () => {
    dir.write("evil.cjs", `console.log("preloaded");`);
    const env = { BUN_BE_BUN: "1", BUN_OPTIONS: `--preload=${dir.file("evil.cjs")}` };
    const command = ["/usr/bin/env", "-u", "BUN_BE_BUN", "-u", "BUN_OPTIONS", executable];
    const { stdout } = await run(["version"], { env, command });
    expect(stdout).toContain("apisix-bun-runner");
    expect(stdout).not.toContain("preloaded");
  });
});

const isRoot = process.geteuid?.() === 0;
const OTHER_USER = 65_534;

describe.skipIf(!isRoot)("root (skipped for other users, who cannot give files away)", () => {
  const REFUSED = "root runs no code that every user can change";

  async function loadedWith(args: readonly string[]): Promise<{ kind: string; log: string }> {
    await using runner = await RunnerProcess.start({ args: ["start", ...args] });
    const connection = await RawConnection.connect(runner.socket);
    await connection.send(prepareBytes(PRE_REQ, [["hello", ""]]));
    const { kind } = await nextReply(connection);
    connection[Symbol.dispose]();
    await runner.stop();
    await runner.log.ended;
    return { kind, log: runner.log.text };
  }

  const cases: Readonly<Record<string, () => string>> = {
    "a file that every user may write to": () => {
      chmodSync(dir.write("p/hello.ts", HELLO), 0o666);
      return "p";
    },
    "a folder that every user may write to": () => {
      dir.write("p/hello.ts", HELLO);
      chmodSync(dir.file("p"), 0o777);
      return "p";
    },
    "a file that a plugin may import": () => {
      dir.write("p/hello.ts", HELLO);
      chmodSync(dir.write("p/lib/x.js", ""), 0o666);
      return "p";
    },
    "packages that every user may add to": () => {
      dir.write("p/hello.ts", HELLO);
      dir.write("p/node_modules/x/index.js", "");
      chmodSync(dir.file("p/node_modules"), 0o777);
      return "p";
    },
    "a link to a file that every user may write to": () => {
      chmodSync(dir.write("theirs/hello.ts", HELLO), 0o666);
      mkdirSync(dir.file("p"));
      symlinkSync(dir.file("theirs/hello.ts"), dir.file("p/hello.ts"));
      return "p";
    },
  };

  test.each(Object.entries(cases))(
    "does not load %s, unless it is allowed",
    async (_what, make) => {
      const folder = dir.file(make());
      const refused = await loadedWith(["--plugins", folder]);
      expect(refused.kind).toBe("error");
      expect(refused.log).toContain(REFUSED);
      const allowed = await loadedWith(["--plugins", folder, "--allow-unsafe"]);
      expect(allowed.log).not.toContain(REFUSED);
      expect(allowed.kind).toBe("conf-token");
    },
  );

  test("loads plugins beside a socket that every user may write to, such as its own may be", async () => {
    dir.write("p/hello.ts", HELLO);
    using socket = Bun.listen({ unix: dir.file("p/other.sock"), socket: { data() {} } });
    chmodSync(dir.file("p/other.sock"), 0o777);
    expect((await loadedWith(["--plugins", dir.file("p")])).kind).toBe("conf-token");
    expect(socket.unix).toBe(dir.file("p/other.sock"));
  });

  test("loads what another user made, through a link too", async () => {
    chownSync(dir.write("real/hello.ts", HELLO), OTHER_USER, OTHER_USER);
    chmodSync(dir.file("real/hello.ts"), 0o664);
    symlinkSync(dir.file("real"), dir.file("p"));
    expect((await loadedWith(["--plugins", dir.file("p")])).kind).toBe("conf-token");
  });

  test("does not start on a config file that every user can change, which cannot allow itself", async () => {
    const file = dir.write("config.yaml", "plugins: { allowUnsafe: true }\n");
    chmodSync(file, 0o666);
    const { code, log, runner } = await RunnerProcess.startAndExit({
      args: ["start", "--config", file],
    });
    await using _ = runner;
    expect(code).not.toBe(0);
    expect(log.text).toContain(
      `${file} is not safe to use as root: every user may write to ${realpathSync(file)}`,
    );
    await using allowed = await RunnerProcess.start({
      args: ["start", "--config", file],
      env: { APISIX_BUN_RUNNER_PLUGINS_ALLOW_UNSAFE: "true" },
    });
    expect(await allowed.stop()).toBe(0);
  });

  test("does not start from an executable that every user can change", async () => {
    const copy = dir.file("runner");
    copyFileSync(executable, copy);
    chmodSync(copy, 0o777);
    const { code, log, runner } = await RunnerProcess.startAndExit({ executable: copy });
    await using _ = runner;
    expect(code).not.toBe(0);
    expect(log.text).toContain(
      `${copy} is not safe to use as root: every user may write to ${copy}`,
    );
  });
});
