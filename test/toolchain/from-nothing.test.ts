/** A plugin author's day, with one file and nothing else: no environment, no PATH, no network, no packages. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { nextReply, nextToken } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { frameBytes, genuineFrames, withToken } from "../support/fixtures.ts";
import { LineLog } from "../support/line-log.ts";
import { runOffline } from "../support/offline.ts";
import { RawConnection } from "../support/raw-connection.ts";
import type { RunResult } from "../support/run.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Genuine frames prepare a plugin of this name. */
const PLUGIN = `
import { definePlugin, stop } from "apisix-bun-runner";

export default definePlugin({
  samples: [{ config: {}, request: "/sample", expect: { action: "stop", status: 201 } }],
  request({ request }) {
    return stop(\`\${request.method} \${request.path} \${[...request.headers].length}\`, { status: 201 });
  },
});
`;

const TEST = `
import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import probe from "./probe.ts";

test("says what it was asked", async () => {
  const result = await (await testPlugin(probe)).request("/a");
  expectAction(result, "stop");
  expect(result.response.status).toBe(201);
});
`;

describe("from one file", () => {
  const dir = new TempDir();
  const project = dir.file("mine");
  const runner = dir.file("apisix-bun-runner");
  const built = dir.file("mine/dist/gateway");
  const offline = (...args: string[]): Promise<RunResult> => runOffline(args, project, runner);

  beforeAll(async () => {
    copyFileSync(executable, runner);
    expect(await runOffline(["init", "mine"], dir.path, runner)).toMatchObject({ code: 0 });
    expect(await offline("new", "probe")).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(dir.file("mine/plugins/probe.ts"), PLUGIN);
    writeFileSync(dir.file("mine/plugins/probe.test.ts"), TEST);
  });
  afterAll(() => dir[Symbol.dispose]());

  test("check", async () => {
    expect(await offline("check")).toEqual({
      code: 0,
      stdout: "no problem in 4 plugins, 3 samples, 3 confs of routes\n",
      stderr: "",
    });
  });

  test("test", async () => {
    const { code, stderr } = await offline("test");
    expect(stderr).toContain("(pass) says what it was asked");
    expect(stderr).toContain("\n 0 fail\n");
    expect(code).toBe(0);
  });

  test("dev, and one request", async () => {
    const dev = Bun.spawn([runner, "dev", "--port", "0"], {
      cwd: project,
      env: {},
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    try {
      const log = new LineLog();
      log.collect(dev.stdout);
      log.collect(dev.stderr);
      const url = /http:\/\/\S+\d/.exec(await log.line("Development gateway"))?.[0] ?? "";
      expect(await (await fetch(`${url}/hello?name=you`)).text()).toBe("Hello, you!\n");
      expect((await fetch(`${url}/api/orders`)).status).toBe(401);
      const known = await fetch(`${url}/api/orders`, { headers: { "x-api-key": "s3cret" } });
      expect([known.status, await known.text()]).toEqual([
        200,
        expect.stringContaining("/api/orders"),
      ]);
    } finally {
      dev.kill("SIGINT");
      await dev.exited;
    }
  });

  test("build, and what it makes answers the requests of a genuine APISIX", async () => {
    const made = await offline("build", "-o", "dist/gateway");
    expect(made).toMatchObject({ code: 0, stderr: "" });
    await using gateway = await RunnerProcess.start({ executable: built });
    using connection = await RawConnection.connect(gateway.socket);
    await connection.send(frameBytes("apisix-prepare1.prepare-conf.bin"));
    const token = await nextToken(connection);
    const calls = genuineFrames.filter(({ type }) => type === 2);
    for (const { file, path, headers = [], token: recorded = 0 } of calls) {
      await connection.send(withToken(frameBytes(file), recorded, token));
      const reply = await nextReply(connection);
      if (reply.kind !== "stop") throw new Error(`${file}: ${JSON.stringify(reply)}`);
      const names = new Set(headers.map(([name]) => name));
      expect(Buffer.from(reply.body ?? []).toString()).toEndWith(`${path} ${names.size}`);
      expect(reply.status).toBe(201);
    }
    expect(calls.length).toBe(50);
  });

  test("what was built builds again", async () => {
    const again = await runOffline(["build", "-o", "dist/again"], project, built);
    expect(again.stderr).toContain("is used twice, by a bundled plugin");
    const empty = new TempDir();
    empty.write("only.ts", PLUGIN);
    const next = await runOffline(["build", empty.path, "-o", "dist/again"], project, built);
    expect(next).toMatchObject({ code: 0 });
    expect(next.stdout).toContain("plugins: only; bundled: api-key, ");
    empty[Symbol.dispose]();
  });

  test("a clone without node_modules gets them again", async () => {
    const clone = new TempDir();
    for (const name of ["package.json", "tsconfig.json"]) {
      clone.write(name, readFileSync(dir.file(`mine/${name}`), "utf8"));
    }
    clone.write("plugins/probe.ts", PLUGIN);
    const { code, stderr } = await runOffline(["check"], clone.path, runner);
    expect(stderr).toContain("node_modules");
    expect(code).toBe(0);
    expect(existsSync(clone.file("node_modules/apisix-bun-runner/package.json"))).toBe(true);
    clone[Symbol.dispose]();
  });
});
