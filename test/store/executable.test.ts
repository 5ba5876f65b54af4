/** The store through the executable: what survives what, and what its log says. */
import { afterAll, expect, test } from "bun:test";
import { connectRunner } from "../../src/gateway/client.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { NO_REDIS, RedisServer } from "./redis-server.ts";

const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

dir.write(
  "plugins/tally.ts",
  `import { definePlugin, stop } from "apisix-bun-runner";
export default definePlugin({
  request: async ({ store }) => stop(String((await store.increment("calls")).value)),
});
`,
);

function start(name: string, store: string): Promise<RunnerProcess> {
  const config = dir.write(
    `${name}.yaml`,
    `plugins: { dirs: [plugins] }\nlogging: { level: info }\nstore: ${store}\n`,
  );
  return RunnerProcess.start({ args: ["start", "--config", config] });
}

/** What the plugin counts, or the message of the call's failure. */
async function tally({ socket }: RunnerProcess): Promise<string> {
  const client = await connectRunner(socket);
  try {
    const confToken = await client.prepareConf("route#1#ext-plugin-pre-req#1", [
      { name: "tally", value: "{}" },
    ]);
    const call = { method: "GET", target: "/", path: "/", headers: [], confToken };
    const { reply } = await client.httpReqCall(call, () => undefined);
    return reply.kind === "stop" ? Buffer.from(reply.body ?? []).toString() : reply.kind;
  } catch (error) {
    return String(error);
  } finally {
    client.close();
  }
}

test("memory survives SIGHUP, with another limit too", async () => {
  await using runner = await start("memory", "{ memory: 1MiB }");
  expect(await tally(runner)).toBe("1");
  await dir.write(
    "memory.yaml",
    "plugins: { dirs: [plugins] }\nlogging: { level: info }\nstore: { memory: 2MiB }\n",
  );
  runner.process.kill("SIGHUP");
  expect(await runner.log.line(/\breload=1\b/)).toContain('changed=["store.memory"]');
  expect(await tally(runner)).toBe("2");
});

test("sqlite survives a restart, and is shared with a second runner", async () => {
  const store = `{ url: "sqlite:${dir.file("tally.db")}" }`;
  const first = await start("first", store);
  expect(await tally(first)).toBe("1");
  await using second = await start("second", store);
  expect(await tally(second)).toBe("2");
  expect(await tally(first)).toBe("3");
  expect(await first.stop()).toBe(0);
  await first[Symbol.asyncDispose]();
  await using third = await start("third", store);
  expect(await tally(third)).toBe("4");
});

const skipped = NO_REDIS === undefined ? "" : ` (skipped: ${NO_REDIS})`;

test.skipIf(NO_REDIS !== undefined)(
  `redis comes and goes, and its password is in no line${skipped}`,
  async () => {
    await using server = await RedisServer.start({ password: "hunter2" });
    await server.stop();
    const url = `redis+unix://:hunter2@localhost${server.socket}`;
    await using runner = await start("redis", `{ url: "${url}", timeout: 5s }`);
    expect(await tally(runner)).toContain("SERVICE_UNAVAILABLE");
    await runner.log.line(/the store is away/);
    await server.start();
    await runner.log.line(/the store is back/);
    expect(await tally(runner)).toBe("1");
    expect(await runner.stop()).toBe(0);
    await runner.log.ended;
    expect(runner.log.text).toContain("StoreUnavailableError");
    expect(runner.log.text).not.toContain("hunter2");
  },
);

test("a URL that is none ends the start, and is not shown", async () => {
  const config = dir.write("wrong.yaml", 'store: { url: "redis://:hunter2@cache/x" }\n');
  const args = ["start", "--config", config];
  const { code, log, runner } = await RunnerProcess.startAndExit({ args });
  await runner[Symbol.asyncDispose]();
  expect(code).toBe(2);
  expect(log.text).toContain("the database is no number");
  expect(log.text).not.toContain("hunter2");
});
