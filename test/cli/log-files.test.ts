/** SIGUSR1: log files again, for logrotate; and what plugins log, in the files of a running runner. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, readFileSync, renameSync, watch } from "node:fs";
import { resolve } from "node:path";
import { prepare, request } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const LOGROTATE = resolve(import.meta.dir, "../../docs/deploy/host/logrotate.conf");

let dir: TempDir;
let runner: RunnerProcess;
let connection: RawConnection;
let confToken: number;

beforeEach(() => {
  dir = new TempDir();
  dir.write(
    "plugins/telling.ts",
    `import { definePlugin } from "apisix-bun-runner";
     export default definePlugin({
       request({ request, log }) {
         log.warn("seen " + request.path, { headers: request.headers, list: [...request.headers] });
       },
     });`,
  );
});

afterEach(async () => {
  connection[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function start(args: readonly string[], command = executable): Promise<void> {
  const all = ["start", "--plugins", dir.file("plugins"), ...args];
  runner = await RunnerProcess.start({ executable: command, args: all });
  connection = await RawConnection.connect(runner.socket);
  confToken = await prepare(connection, [["telling", ""]]);
}

/** Has the plugin log a line. */
async function tell(path: string, headers: Record<string, string> = {}): Promise<void> {
  const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
  await request(connection, { id: 7, path, headers: fields, confToken });
}

/** What the plugin told in a file, by the paths that it named. */
function told(name: string): string[] {
  return Array.from(readFileSync(dir.file(name), "utf8").matchAll(/seen (\/\w+)/g), ([, path]) =>
    String(path),
  );
}

/** Resolves when a file of this name is made there. */
async function madeWhile(name: string, act: () => Promise<void> | void): Promise<void> {
  const { promise, resolve: made } = Promise.withResolvers<void>();
  using watcher = watched(dir.path, (file) => file === name && made());
  await act();
  await promise;
  void watcher;
}

function watched(path: string, told: (file: string | null) => unknown): Disposable {
  const watcher = watch(path, (_event, file) => void told(file));
  return { [Symbol.dispose]: () => watcher.close() };
}

describe("SIGUSR1", () => {
  test("goes on in a new file under the old name", async () => {
    await start(["--log-file", dir.file("runner.log")]);
    await tell("/one");
    renameSync(dir.file("runner.log"), dir.file("runner.log.1"));
    await tell("/two");
    await madeWhile("runner.log", () => runner.process.kill("SIGUSR1"));
    await tell("/three");
    expect(told("runner.log.1")).toEqual(["/one", "/two"]);
    expect(told("runner.log")).toEqual(["/three"]);
  });

  test("does nothing to a runner without a file, and never ends it", async () => {
    await start([]);
    for (let i = 0; i < 20; i++) runner.process.kill("SIGUSR1");
    await tell("/alive");
    expect(await runner.log.line("seen /alive")).toContain(" warn ");
  });

  test("leaves the old file in use where there can be no new one, and says so in it", async () => {
    dir.write("logs/keep", "");
    await start(["--log-file", dir.file("logs/runner.log")]);
    renameSync(dir.file("logs"), dir.file("gone"));
    runner.process.kill("SIGUSR1");
    const text = () => readFileSync(dir.file("gone/runner.log"), "utf8");
    for (let i = 0; !text().includes("the log goes on in the old file"); i++) await tell(`/n${i}`);
    expect(text()).toMatch(/ error the log goes on in the old file error=.*ENOENT/);
  });
});

describe.skipIf(Bun.which("logrotate") === null)("logrotate (skipped without logrotate)", () => {
  test("with the configuration of docs/deploy turns the file over", async () => {
    // A path of its own, by which the configuration finds this runner and no other.
    const own = dir.file("apisix-bun-runner");
    copyFileSync(executable, own);
    const log = dir.file("runner.log");
    const text = readFileSync(LOGROTATE, "utf8")
      .replace("/var/log/apisix-bun-runner/", `${dir.path}/`)
      .replace("/usr/local/bin/apisix-bun-runner", own);
    const conf = dir.write("logrotate.conf", text);
    chmodSync(conf, 0o644);
    await start(["--log-file", log], own);
    await tell("/one");
    const rotate = async () => {
      const command = ["logrotate", "--force", "--state", dir.file("state"), conf];
      const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      expect([await child.exited, stdout, stderr]).toEqual([0, "", ""]);
    };
    await madeWhile("runner.log", rotate);
    await tell("/two");
    await madeWhile("runner.log", rotate);
    await tell("/three");
    expect([told("runner.log.1"), told("runner.log")]).toEqual([["/two"], ["/three"]]);
    const older = Bun.gunzipSync(await Bun.file(`${log}.2.gz`).bytes());
    expect(new TextDecoder().decode(older)).toContain("seen /one");
  });
});

describe("a plugin's line", () => {
  test("bears the request and the route, and no value that lets somebody in", async () => {
    await start(["--log-format", "json", "--log-redact", "x-token"]);
    await tell("/a", { cookie: "s1", authorization: "s2", "x-token": "s3", "x-other": "shown" });
    const line = await runner.log.line("seen /a");
    expect(line).not.toMatch(/s[123]"/);
    const headers = {
      authorization: "[redacted]",
      cookie: "[redacted]",
      "x-other": "shown",
      "x-token": "[redacted]",
    };
    expect(JSON.parse(line)).toMatchObject({
      plugin: "telling",
      request: 7,
      route: "route#r1#ext-plugin-pre-req",
      headers,
      list: Object.entries(headers),
    });
  });
});
