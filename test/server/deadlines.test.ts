/** A plugin that hangs, wherever it does: the call fails, says why, and the connection goes on in step. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  answerBytes,
  type Conf,
  nextReply,
  prepare,
  PRE_REQ,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Long enough for what a test sends in between. */
const TIMEOUT_MS = 300;

const SAY = [["say", '{"body":"hi"}']] as const;

const PLUGINS = {
  "hook.ts": `export default { request: () => new Promise(() => {}), response: () => new Promise(() => {}) };`,
  "question.ts": `export default {
    async request({ vars, log }) { await vars.get("never_answered"); },
    async response({ response }) { await response.text(); },
  };`,
  "setup.ts": `export default { setup: () => new Promise(() => {}), request() {}, response() {} };`,
  "validation.ts": `export default { config: () => new Promise(() => {}), request() {}, response() {} };`,
  "stream.ts": `
    const body = () => new Response(new ReadableStream({
      start(controller) { controller.enqueue(new TextEncoder().encode("begun")); },
    }));
    export default { request: body, response: body };`,
  "fetched.ts": `
    const server = Bun.serve({ port: 0, fetch: () => new Response(new ReadableStream({
      async pull(controller) { await Bun.sleep(1); controller.enqueue(new Uint8Array(10)); },
      cancel() { console.log("the fetched body was let go"); },
    })) });
    export default { request: () => fetch(server.url), response: () => fetch(server.url) };`,
  /** Says what it was told, and tries to go on. */
  "late.ts": `export default {
    async request(context) {
      const { signal, request, vars, log } = context;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      log.warn("aborted", { name: signal.reason.name, reason: signal.reason.message });
      request.headers.set("x-late", "1");
      request.path = "/late";
      setImmediate(async () => {
        try { void context.request; } catch (error) { log.warn("context refused", { error }); }
        await vars.get("too_late").catch((error) => log.warn("question refused", { error }));
      });
    },
  };`,
};

let runner: RunnerProcess;
const plugins = new TempDir();

beforeAll(async () => {
  for (const [name, source] of Object.entries(PLUGINS)) plugins.write(name, source);
  runner = await RunnerProcess.start({
    args: ["start", "--plugins", plugins.path, "--timeout", `${TIMEOUT_MS}ms`],
  });
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  plugins[Symbol.dispose]();
});

const connect = () => RawConnection.connect(runner.socket);

/** The same connection answers the next call, and nothing is left over. */
async function expectInStep(connection: RawConnection): Promise<void> {
  const confToken = await prepare(connection, SAY);
  for (const id of [71, 72]) {
    await connection.send(requestBytes({ id, confToken }));
    expect(await nextReply(connection)).toMatchObject({ kind: "stop", id });
  }
  expect(connection.pending).toBe(0);
}

/** A route of its own, so that no other test's line is taken for this one's. */
const keyOf = (plugin: string, phase: string): string => `route#${plugin}-${phase}#${phase}#1`;

describe.each(["hook", "question", "setup", "validation", "stream", "fetched"])(
  "a hang in: %s",
  (plugin) => {
    const conf: Conf = [[plugin, ""]];

    test("the request phase ends in an error frame", async () => {
      using connection = await connect();
      const key = keyOf(plugin, "ext-plugin-pre-req");
      const confToken = await prepare(connection, conf, key);
      await connection.send(requestBytes({ id: 4711, confToken }));
      let reply = await nextReply(connection);
      const hasAsked = reply.kind === "question";
      if (hasAsked) reply = await nextReply(connection);
      expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
      const route = key.slice(0, -2);
      const line = await runner.log.line(`route=${route} request=4711`);
      expect(line).toContain(`plugin ${plugin} gave no answer within ${TIMEOUT_MS} ms`);
      expect(runner.log.lines.filter((each) => each.includes(`route=${route}`))).toEqual([line]);
      // The answer to what the hook asked for comes now, and belongs to nobody.
      if (hasAsked) await connection.send(answerBytes("late"));
      await expectInStep(connection);
    });

    test("the response phase ends in a complete 503", async () => {
      using connection = await connect();
      const confToken = await prepare(connection, conf, keyOf(plugin, "ext-plugin-post-resp"));
      await connection.send(responseBytes({ id: 4712, confToken }));
      let reply = await nextReply(connection);
      const hasAsked = reply.kind === "question";
      if (hasAsked) reply = await nextReply(connection);
      expect(reply).toMatchObject({ kind: "response", id: 4712, status: 503 });
      if (hasAsked) await connection.send(answerBytes("late"));
      await expectInStep(connection);
    });
  },
);

test("a body that is still being fetched is let go", async () => {
  using connection = await connect();
  const confToken = await prepare(connection, [["fetched", ""]], PRE_REQ);
  await connection.send(requestBytes({ confToken }));
  expect(await nextReply(connection)).toMatchObject({ kind: "error" });
  await runner.log.line("the fetched body was let go");
});

test("the signal's reason names the plugin; what comes late reaches nothing", async () => {
  using connection = await connect();
  const confToken = await prepare(connection, [["late", ""]]);
  await connection.send(requestBytes({ id: 5, confToken }));
  expect(await nextReply(connection)).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
  expect(await runner.log.line("aborted")).toMatch(
    /name=PluginTimeoutError reason="plugin late gave no answer within 300 ms/,
  );
  expect(await runner.log.line("context refused")).toContain("the plugin's turn is over");
  expect(await runner.log.line("question refused")).toContain("after the call was answered");
  await expectInStep(connection);
});

test("APISIX closing the connection aborts the signal of its call", async () => {
  const connection = await connect();
  const confToken = await prepare(connection, [["late", ""]], "route#closed#ext-plugin-pre-req#1");
  await connection.send(requestBytes({ id: 6, confToken }));
  connection[Symbol.dispose]();
  const line = await runner.log.line(/aborted.*route=route#closed/);
  expect(line).toContain("the connection to APISIX was closed");
  expect(line).toContain("name=CallEndedError");
});
