/** `doctor`: each thing that people get stuck on, made on purpose, is found. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { limitFindings } from "../../src/cli/doctor/limits.ts";
import { findMaster, findWorkers } from "../../src/cli/doctor/worker-user.ts";
import { executable } from "../support/executable.ts";
import { run, type RunOptions } from "../support/run.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

interface Finding {
  readonly state: "ok" | "warning" | "problem";
  readonly check: string;
  readonly what: string;
  readonly advice?: string;
}

/** Neither root nor whoever runs the tests. */
const WORKER = "nobody";

let dir: TempDir;
beforeEach(() => {
  dir = new TempDir();
  chmodSync(dir.path, 0o755);
});
afterEach(() => dir[Symbol.dispose]());

/** The findings, and the exit code, which has to fit them. */
async function doctor(args: readonly string[], options?: RunOptions): Promise<readonly Finding[]> {
  const { code, stdout, stderr } = await run(["doctor", "--json", ...args], options);
  expect(stderr).toBe("");
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(stdout);
  expect(ok).toBe(findings.every(({ state }) => state !== "problem"));
  expect(code).toBe(ok ? 0 : 1);
  return findings;
}

/** What is not ok, one line each, as the terminal shows it. */
async function complaints(args: readonly string[], options?: RunOptions): Promise<string[]> {
  const findings = await doctor(args, options);
  return findings
    .filter(({ state }) => state !== "ok")
    .map(({ state, check, what, advice }) => `${state} ${check}: ${what}; ${advice}`);
}

/** A folder as APISIX's home is, with this config.yaml. */
function apisix(config: object): string[] {
  return ["--apisix-config", dir.write("apisix/conf/config.yaml", JSON.stringify(config))];
}

/** Nothing to complain about but that no runner is there. */
function sound(): string[] {
  return ["--socket", dir.file("runner.sock"), "--socket-mode", "0666", "--worker-user", WORKER];
}

function matching(pattern: string): ReturnType<typeof expect.stringMatching> {
  return expect.stringMatching(new RegExp(pattern));
}

const ABSENT = /^warning socket: no runner is there/;

describe("where all is well", () => {
  test("says so in a line a check, and what it found", async () => {
    await using runner = await RunnerProcess.start({ args: ["--socket-mode", "0666"] });
    chmodSync(runner.dir.path, 0o755);
    const args = ["doctor", "--socket", runner.socket, "--worker-user", WORKER];
    const { code, stdout } = await run(args);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.at(-1)).toStartWith("0 problems, ");
    expect(code).toBe(0);
    expect(lines).toContain(`ok       socket path: ${runner.socket}`);
    expect(lines.find((line) => line.includes("answered in"))).toStartWith("ok       socket: ");
    expect(lines[0]).toContain("Bun 1.4.5");
  });

  test("has nothing against a runner that is not started yet but a warning", async () => {
    const found = await complaints(sound());
    expect(found).toEqual([expect.stringMatching(ABSENT)]);
  });

  test("has nothing against a sound configuration of APISIX", async () => {
    const plugins = ["ext-plugin-pre-req", "ext-plugin-post-req", "ext-plugin-post-resp"];
    const config = { "ext-plugin": { cmd: [executable] }, plugins, nginx_config: { user: WORKER } };
    expect(await complaints(apisix(config))).toEqual([]);
  });
});

describe("settings", () => {
  test("wrong values and unknown keys, each with its place", async () => {
    const file = dir.write("s.yaml", "logging: { levl: debug }\nplugins: { timeout: 10 }\n");
    expect(await complaints(["--config", file, "--worker-user", WORKER])).toEqual([
      expect.stringMatching(/^problem settings: .+s\.yaml:1:12: unknown key logging\.levl/),
      expect.stringMatching(/^problem settings: .+s\.yaml:2:\d+: plugins\.timeout is 10/),
    ]);
  });

  test("a variable that is no setting", async () => {
    const env = { APISIX_BUN_RUNNER_LOGGING_LEVLE: "debug" };
    expect(await complaints(sound(), { env })).toContainEqual(
      expect.stringMatching(/^warning settings: .+APISIX_BUN_RUNNER_LOGGING_LEVLE is no setting/),
    );
  });
});

describe("socket", () => {
  test("no path at all", async () => {
    expect(await complaints(["--worker-user", WORKER])).toEqual([
      expect.stringMatching(/^problem socket path: nothing says .+--socket/),
    ]);
  });

  test("no directory", async () => {
    expect(await complaints([...sound(), "--socket", dir.file("none/runner.sock")])).toEqual([
      `problem socket: the directory ${dir.file("none")} does not exist; create it, or choose another path`,
    ]);
  });

  test("a file in the place of the directory", async () => {
    dir.write("file", "");
    expect(await complaints([...sound(), "--socket", dir.file("file/runner.sock")])).toEqual([
      `problem socket: ${dir.file("file")} is not a directory; choose another path`,
    ]);
  });

  test("something else at the path", async () => {
    dir.write("runner.sock", "");
    expect(await complaints(sound())).toEqual([
      expect.stringMatching(/^problem socket: .+runner\.sock is there and no socket; remove it/),
    ]);
  });

  test("a directory that nginx's workers cannot enter", async () => {
    chmodSync(dir.path, 0o700);
    expect(await complaints(sound())).toEqual([
      matching(
        `^problem socket: nginx's worker user ${WORKER} cannot reach .+ may not enter ${dir.path}; chmod o\\+x ${dir.path}`,
      ),
    ]);
  });

  test("a directory in which every user can put a socket", async () => {
    chmodSync(dir.path, 0o777);
    expect(await complaints(sound())).toContainEqual(
      expect.stringMatching(/^warning socket: every user may put a socket .+chmod o-w/),
    );
  });

  test("permissions that will not let the workers in", async () => {
    expect(await complaints([...sound(), "--socket-mode", "0600"])).toContainEqual(
      matching(
        `^problem socket: nginx's worker user ${WORKER} will not be let in .+mode 0600.+socket\\.group`,
      ),
    );
  });

  test("an owner that does not exist", async () => {
    expect(await complaints([...sound(), "--socket-owner", "nosuchuser"])).toContainEqual(
      expect.stringMatching(/^problem socket: there is no user nosuchuser/),
    );
  });

  test("permissions that do not let the workers in", async () => {
    await using runner = await RunnerProcess.start({ args: ["--socket-mode", "0600"] });
    chmodSync(runner.dir.path, 0o755);
    expect(await complaints(["--socket", runner.socket, "--worker-user", WORKER])).toEqual([
      matching(`^problem socket: nginx's worker user ${WORKER} may not connect to .+mode 0600`),
    ]);
  });

  test("one that a killed runner has left", async () => {
    await using runner = await RunnerProcess.start({ args: ["--socket-mode", "0666"] });
    chmodSync(runner.dir.path, 0o755);
    await runner.stop("SIGKILL");
    expect(await complaints(["--socket", runner.socket, "--worker-user", WORKER])).toEqual([
      expect.stringMatching(
        /^problem socket: cannot connect to a runner at .+ECONNREFUSED; look for/,
      ),
    ]);
  });
});

describe("nginx workers", () => {
  test("a user that does not exist", async () => {
    expect(await complaints([...sound(), "--worker-user", "nosuchuser"])).toContainEqual(
      expect.stringMatching(/^problem nginx workers: --worker-user is nosuchuser/),
    );
  });

  test("are found where they run, those of APISIX before others", () => {
    procfs({
      10: ["nginx: master process -p /usr/local/apisix", 1, [11]],
      11: ["nginx: worker process", 65534],
    });
    procfs({
      20: ["nginx: master process /usr/sbin/nginx", 1, [21]],
      21: ["nginx: worker process", 33],
    });
    procfs({ 30: ["sleep", 0] });
    const { accounts } = findWorkers(undefined, undefined, dir.path);
    expect(accounts.map(({ uid }) => uid)).toEqual([65534]);
    // The master is whose process it is, in this case ours.
    expect(findMaster(dir.path)?.uid).toBe(process.geteuid?.());
  });

  test("that are not found are asked for", () => {
    procfs({ 30: ["sleep", 0] });
    const { accounts, findings } = findWorkers(undefined, undefined, dir.path);
    expect(accounts).toEqual([]);
    expect(findMaster(dir.path)).toBeUndefined();
    expect(findings).toMatchObject([
      { state: "warning", advice: expect.stringContaining("--worker-user") },
    ]);
  });

  function procfs(processes: Record<number, [title: string, uid: number, children?: number[]]>) {
    for (const [pid, [title, uid, children = []]] of Object.entries(processes)) {
      dir.write(`${pid}/cmdline`, title);
      dir.write(`${pid}/status`, `PPid:\t1\nUid:\t0\t${uid}\t0\t0\n`);
      dir.write(`${pid}/task/${pid}/children`, `${children.join(" ")} `);
    }
  }
});

describe("environment", () => {
  test("what secrets.env names and APISIX does not pass", async () => {
    const config = {
      "ext-plugin": { cmd: [executable] },
      nginx_config: { user: WORKER, envs: ["PASSED", "GIVEN=value"] },
    };
    const names = ["PASSED", "GIVEN", "FORGOTTEN"].flatMap((name) => ["--secrets-env", name]);
    expect(await complaints([...apisix(config), ...names])).toEqual([
      `problem environment: secrets.env names FORGOTTEN, which APISIX does not pass to the runner; ` +
        `add FORGOTTEN to nginx_config.envs in ${dir.file("apisix/conf/config.yaml")}, and set it where APISIX is started`,
    ]);
  });

  test("a setting in a variable that APISIX does not pass", async () => {
    const config = { "ext-plugin": { cmd: [executable] }, nginx_config: { user: WORKER } };
    const env = { APISIX_BUN_RUNNER_LOGGING_LEVEL: "debug" };
    expect(await complaints(apisix(config), { env })).toEqual([
      expect.stringMatching(/^warning environment: APISIX_BUN_RUNNER_LOGGING_LEVEL is set here/),
    ]);
  });

  test("a variable that is not set, where the runner is started by hand", async () => {
    const args = [...sound(), "--secrets-env", "API_KEY"];
    const missing = expect.stringMatching(/^warning environment: secrets\.env names API_KEY/);
    expect(await complaints(args)).toContainEqual(missing);
    expect(await complaints(args, { env: { API_KEY: "x" } })).not.toContainEqual(missing);
  });

  test("a secret file that is not there", async () => {
    const args = [...sound(), "--secrets-files", dir.file("key")];
    expect(await complaints(args)).toContainEqual(
      expect.stringMatching(/^problem environment: secrets\.files names .+\/key, which user/),
    );
  });
});

describe("plugins", () => {
  test("that do not load, each once, and a folder that is not there", async () => {
    dir.write("plugins/broken.ts", 'throw new Error("not today");');
    dir.write("plugins/good.js", "export default { request() {} };");
    const folders = ["--plugins", dir.file("plugins"), "--plugins", dir.file("nowhere")];
    const found = await complaints([...sound(), ...folders]);
    expect(found.filter((line) => line.includes("problem plugins"))).toEqual([
      `problem plugins: the plugin folder ${dir.file("nowhere")} cannot be read; create it, let the runner's user read it, or change plugins.dirs`,
      expect.stringMatching(/^problem plugins: broken \(.+broken\.ts\) did not load: .*not today/),
    ]);
  });

  test.each([
    ["keeps the process busy", "for (;;);", /did not load within 1050 ms.+check says which/],
    ["ends it", "process.exit(0);", /ends the process while it loads \(exit code 0\)/],
  ])("one that %s", async (_name, code, message) => {
    dir.write("plugins/bad.js", code);
    const folder = ["--plugins", dir.file("plugins"), "--timeout", "50ms"];
    const found = await complaints([...sound(), ...folder]);
    expect(found.filter((line) => line.startsWith("problem plugins"))).toEqual([
      expect.stringMatching(message),
    ]);
  });

  test("that leave a timer behind do not keep it from ending", async () => {
    dir.write("plugins/timer.js", "setInterval(() => {}, 1000); export default { request() {} };");
    const found = await complaints([...sound(), "--plugins", dir.file("plugins")]);
    expect(found).toEqual([expect.stringMatching(ABSENT)]);
  });
});

describe("APISIX's config.yaml", () => {
  test("that is not there, or no YAML", async () => {
    const missing = await complaints([...sound(), "--apisix-config", dir.file("none.yaml")]);
    expect(missing).toContainEqual(expect.stringMatching(/^problem apisix config: .+ENOENT/));
    const text = dir.write("list.yaml", "[1, 2]");
    expect(await complaints([...sound(), "--apisix-config", text])).toContainEqual(
      expect.stringMatching(/^problem apisix config: .+it holds no mapping/),
    );
  });

  test("neither cmd nor path_for_test", async () => {
    expect(await complaints([...sound(), ...apisix({ "ext-plugin": {} })])).toContainEqual(
      expect.stringMatching(/^problem apisix ext-plugin: .+ neither cmd nor path_for_test/),
    );
  });

  test("both: APISIX starts cmd on path_for_test", async () => {
    const config = { cmd: [executable], path_for_test: dir.file("runner.sock") };
    const args = ["--socket-mode", "0666", "--worker-user", WORKER];
    const found = await complaints([...args, ...apisix({ "ext-plugin": config })]);
    expect(found).toEqual([
      matching(
        `^warning apisix ext-plugin: .+ both cmd and path_for_test: .+ listen on ${dir.file("runner.sock")}`,
      ),
      expect.stringMatching(ABSENT),
    ]);
  });

  test.each([["unix:/tmp/runner.sock"], ["runner.sock"], [5]])(
    "path_for_test is %p",
    async (path) => {
      const config = apisix({ "ext-plugin": { path_for_test: path } });
      expect(await complaints([...sound(), ...config])).toContainEqual(
        expect.stringMatching(/^problem apisix ext-plugin: path_for_test .+absolute path/),
      );
    },
  );

  test("another path than the runner's", async () => {
    const config = apisix({ "ext-plugin": { path_for_test: "/tmp/other.sock" } });
    expect(await complaints([...sound(), ...config])).toContainEqual(
      `problem socket path: the runner's settings say ${dir.file("runner.sock")}, and APISIX calls /tmp/other.sock (path_for_test); make them the same`,
    );
  });

  test("a runner that does not listen where APISIX says", async () => {
    const file = dir.write("s.yaml", "socket: { file: /tmp/fixed.sock }\n");
    const args = ["--config", file, "--worker-user", WORKER];
    const config = apisix({ "ext-plugin": { cmd: [executable] } });
    expect(await complaints([...args, ...config])).toContainEqual(
      expect.stringMatching(
        /^problem socket path: .+ \/tmp\/fixed\.sock, and APISIX.+remove socket\.file/,
      ),
    );
    const told = dir.write("s.yaml", "socket: { file: $env.APISIX_LISTEN_ADDRESS }\n");
    expect(await complaints(["--config", told, "--worker-user", WORKER, ...config])).toEqual([]);
  });

  test("a path in a variable, which counts only where APISIX passes it", async () => {
    const env = { APISIX_BUN_RUNNER_SOCKET_FILE: "/tmp/fixed.sock" };
    const passing = (envs: readonly string[]) =>
      apisix({ "ext-plugin": { cmd: [executable] }, nginx_config: { user: WORKER, envs } });
    const other = expect.stringMatching(/^problem socket path: .+ say \/tmp\/fixed\.sock, and/);
    expect(await complaints(passing(Object.keys(env)), { env })).toContainEqual(other);
    expect(await complaints(passing([]), { env })).not.toContainEqual(other);
  });

  test.each([
    ["no list", "/usr/bin/runner", /cmd in .+ is "\/usr\/bin\/runner".+list of strings/],
    ["nothing there", ["/nowhere/runner"], /not at \/nowhere\/runner/],
    ["not in PATH", ["no-such-runner"], /in no folder of PATH/],
    ["a folder", ["/tmp"], /\/tmp, which is no file/],
    ["with a socket of its own", [executable, "--socket", "/tmp/x"], /says --socket/],
  ])("cmd: %s", async (_name, cmd, message) => {
    const config = apisix({ "ext-plugin": { cmd }, nginx_config: { user: WORKER } });
    const [first, ...others] = await complaints(config);
    expect(others).toEqual([]);
    expect(first).toStartWith("problem apisix ext-plugin: ");
    expect(first).toMatch(message);
  });

  test("cmd: a file that is not executable, seen from APISIX's home", async () => {
    const file = dir.write("apisix/runner", "");
    const config = apisix({ "ext-plugin": { cmd: ["./runner"] }, nginx_config: { user: WORKER } });
    expect(await complaints(config)).toEqual([
      matching(`^problem .+ may not execute ${file}; chmod 0755 ${file}`),
    ]);
    chmodSync(file, 0o755);
    expect(await complaints(config)).toEqual([]);
  });

  test("the runner that APISIX has started is found by the process id of its master", async () => {
    const config = apisix({ "ext-plugin": { cmd: [executable] }, nginx_config: { user: WORKER } });
    const socket = dir.file(`apisix/conf/apisix-${process.pid}.sock`);
    await using runner = await RunnerProcess.start({ socket, args: ["--socket-mode", "0666"] });
    const findings = await doctor(config);
    expect(findings.map(({ what }) => what)).toContainEqual(
      expect.stringContaining(`the runner at ${runner.socket} answered`),
    );
  });

  describe("plugins", () => {
    function listing(plugins: readonly string[], zones: object = {}): string[] {
      return apisix({
        "ext-plugin": { cmd: [executable] },
        plugins,
        nginx_config: { user: WORKER, http: { custom_lua_shared_dict: zones } },
      });
    }

    test("a list without any that calls a runner", async () => {
      expect(await complaints(listing(["prometheus"]))).toEqual([
        expect.stringMatching(/^problem apisix plugins: .+none that calls a runner; add/),
      ]);
    });

    test("post-resp alone lacks the shared memory, unless it is made by hand", async () => {
      const alone = ["ext-plugin-post-resp"];
      expect(await complaints(listing(alone))).toEqual([
        expect.stringMatching(
          /^problem apisix plugins: .+shared memory ext-plugin .+; add ext-plugin-post-req/,
        ),
      ]);
      expect(await complaints(listing(alone, { "ext-plugin": "1m" }))).toEqual([]);
      expect(await complaints(listing([...alone, "ext-plugin-pre-req"]))).toEqual([]);
    });
  });

  test.each([
    ["2.6", "problem", "passes no environment"],
    ["2.14.0", "warning", "no ext-plugin-post-resp"],
    ["3.5.0", "warning", "ignores a body"],
    ["3.18.0", "ok", "APISIX 3.18.0"],
  ])("of APISIX %s", async (version, state, message) => {
    dir.write("apisix/apisix/core/version.lua", `return {\n    VERSION = "${version}"\n}\n`);
    const config = apisix({ "ext-plugin": { cmd: [executable] }, nginx_config: { user: WORKER } });
    expect(await doctor(config)).toContainEqual(
      expect.objectContaining({ check: "versions", state, what: expect.stringContaining(message) }),
    );
  });

  test.each([
    [undefined, "3.5.0", "the runner is not told that it is APISIX 3.5.0 that calls; set apisix.v"],
    ["3.2", "3.5.0", 'apisix.version is 3.2.0, and APISIX is 3.5.0; set apisix.version to "3.5.0"'],
    ["3.5", "3.5.0", undefined],
    ["3.2", "3.18.0", "apisix.version is 3.2.0, and APISIX is 3.18.0; set apisix.version to"],
    [undefined, "3.18.0", undefined],
  ])("of apisix.version %s for APISIX %s", async (stated, version, message) => {
    dir.write("apisix/apisix/core/version.lua", `return {\n    VERSION = "${version}"\n}\n`);
    const config = apisix({ "ext-plugin": { cmd: [executable] }, nginx_config: { user: WORKER } });
    const flag = stated === undefined ? [] : ["--apisix-version", stated];
    const told = (await complaints([...config, ...flag])).filter((line) =>
      /apisix\.version/.test(line),
    );
    expect(told).toEqual(message === undefined ? [] : [expect.stringContaining(message)]);
  });
});

describe("limits", () => {
  test("few open files", async () => {
    const limited = ["/bin/sh", "-c", 'ulimit -n 256 && exec "$0" "$@"', executable];
    expect(await complaints(sound(), { command: limited })).toContainEqual(
      expect.stringMatching(/^warning limits: a process may have 256 files open/),
    );
  });

  test("a short queue of connections", () => {
    mkdirSync(dirname(dir.write("sys/net/core/somaxconn", "128\n")), { recursive: true });
    dir.write(join("self", "limits"), "Max open files            unlimited   unlimited   files\n");
    expect(limitFindings(dir.path)).toMatchObject([
      { state: "warning", what: expect.stringContaining("somaxconn is 128") },
    ]);
  });
});
