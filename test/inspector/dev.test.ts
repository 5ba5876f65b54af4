/** What the inspector of a running `dev` knows, and where it is. */
import { describe, expect, test } from "bun:test";
import { executable } from "../support/executable.ts";
import { LineLog } from "../support/line-log.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { run } from "../support/run.ts";
import { InspectedDev } from "./inspected-dev.ts";

const PLUGINS = {
  says: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request: ({ log }) => log.warn("always the same") });`,
  hangs: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      timeout: 50,
      async request({ request, vars }) {
        await vars.get("uri");
        request.headers.set("x-a", "1");
        await new Promise(() => {});
      },
    });`,
  strict: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      config: (conf) => { if (conf.body === undefined) throw new Error("body is missing"); return conf; },
      request() {},
    });`,
};

describe("a request", () => {
  test("has the lines of its own calls, though the log counts those that repeat", async () => {
    await using dev = await InspectedDev.start({
      plugins: PLUGINS,
      routes: [{ uri: "/*", pre: { says: {} } }],
    });
    for (const id of [1, 2, 3]) {
      await (await fetch(dev.url)).bytes();
      const { phases } = await dev.request(id);
      expect(phases[0]?.plugins[0]?.ran?.log).toMatchObject([
        { level: "warn", message: "always the same" },
      ]);
    }
  });

  test("whose plugin takes too long has what that did until then", async () => {
    await using dev = await InspectedDev.start({
      plugins: PLUGINS,
      routes: [{ uri: "/*", pre: { hangs: {}, says: {} } }],
    });
    await (await fetch(dev.url)).bytes();
    const seen = await dev.request(1);
    const [hangs, says] = seen.phases[0]?.plugins ?? [];
    expect(hangs?.ran).toMatchObject({
      did: "threw PluginTimeoutError",
      end: { kind: "failed", error: { message: expect.stringContaining("50 ms") } },
      asked: [{ kind: "var", name: "uri", answer: { text: "/" } }],
    });
    expect(hangs?.ran?.after.headers).toContainEqual(["x-a", "1"]);
    expect(says?.ran).toBeUndefined();
    expect(seen.status).toBe(503);
  });

  test("whose conf is refused has the reason", async () => {
    await using dev = await InspectedDev.start({
      plugins: PLUGINS,
      routes: [{ uri: "/*", pre: { strict: {} } }],
    });
    await (await fetch(dev.url)).bytes();
    const { phases } = await dev.request(1);
    const [phase] = phases;
    expect(phase?.error).toContain("BAD_REQUEST");
    expect(JSON.stringify([phase?.log, phase?.plugins])).toContain("body is missing");
  });

  test("through a runner that dev has not started is known as a whole", async () => {
    await using runner = await RunnerProcess.start();
    await using dev = await InspectedDev.start({
      plugins: {},
      routes: [{ uri: "/*", pre: { say: { body: "hi" } } }],
      args: ["--routes", "apisix.yaml", "--socket", runner.socket],
    });
    expect(await (await fetch(dev.url)).text()).toBe("hi");
    const { phases } = await dev.request(1);
    expect(phases).toMatchObject([
      {
        plugins: [{ name: "say", conf: '{"body":"hi"}' }],
        reply: { kind: "stop", status: 200, body: { text: "hi" } },
      },
    ]);
    expect(phases[0]?.plugins[0]?.ran).toBeUndefined();
  });
});

describe("the inspector's port", () => {
  test("that was asked for and is taken is an error with a way out", async () => {
    using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const port = String(taken.port);
    const { stderr, code } = await run(["dev", "--port", "0", "--inspect-port", port]);
    expect(stderr).toContain(`the inspector cannot listen on 127.0.0.1:${port}`);
    expect(stderr).toContain("try --inspect-port 0, or --no-inspector");
    expect(code).toBe(1);
  });

  test("is none with --no-inspector", async () => {
    const dev = Bun.spawn([executable, "dev", "--port", "0", "--no-inspector"], {
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
    });
    const log = new LineLog();
    log.collect(dev.stdout);
    await log.line("Each request is a line");
    dev.kill("SIGINT");
    expect(await dev.exited).toBe(0);
    await log.ended;
    expect(log.text).not.toContain("inspector");
  });
});
