/** Plugins of folders loaded again while calls go on. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import {
  answerBytes,
  nextReply,
  prepare,
  prepareBytes,
  PRE_REQ,
  request,
  requestBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const saying = (text: string) => `
  import { stop } from "apisix-bun-runner";
  import { suffix } from "./lib/suffix.ts";
  export default {
    setup: (config, { log }) => ({ [Symbol.dispose]: () => log.error("disposed of ${text}") }),
    async request({ request, vars }) {
      if (request.path === "/wait") await vars.get("go");
      return stop("${text}" + suffix);
    },
  };`;

let dir: TempDir;
let runner: RunnerProcess;
let connection: RawConnection;

beforeEach(async () => {
  dir = new TempDir();
  dir.write("it.ts", saying("old"));
  dir.write("lib/suffix.ts", `export const suffix = "!";`);
});

afterEach(async () => {
  connection[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function start(...options: string[]) {
  runner = await RunnerProcess.start({
    args: ["start", "--plugins", dir.path, "--log-level", "info", ...options],
  });
  connection = await RawConnection.connect(runner.socket);
}

async function text(confToken: number): Promise<string> {
  const reply = await request(connection, { confToken });
  return reply.kind === "stop" ? Buffer.from(reply.body ?? "").toString() : reply.kind;
}

/** Calls until the answer is another one; every call on the way must be answered by one of the two. */
async function untilAnswer(confToken: number, before: string, after: string): Promise<void> {
  for (;;) {
    const answer = await text(confToken);
    if (answer === after) return;
    expect(answer).toBe(before);
  }
}

describe("a file that changes", () => {
  test("with --watch answers with its new code, under the same token, and no call fails", async () => {
    await start("--watch");
    const confToken = await prepare(connection, [["it", ""]]);
    expect(await text(confToken)).toBe("old!");
    dir.write("it.ts", saying("new"));
    await untilAnswer(confToken, "old!", "new!");
    expect(await prepare(connection, [["it", ""]])).toBe(confToken);
    await runner.log.line("disposed of old");
  });

  test("is found by what it imports, and when an editor moves it into place", async () => {
    await start("--watch");
    const confToken = await prepare(connection, [["it", ""]]);
    expect(await text(confToken)).toBe("old!");
    dir.write("lib/suffix.ts", `export const suffix = "?";`);
    await untilAnswer(confToken, "old!", "old?");
    dir.write(".it.ts.swp", saying("moved"));
    renameSync(dir.file(".it.ts.swp"), dir.file("it.ts"));
    await untilAnswer(confToken, "old?", "moved?");
  });

  test("with SIGHUP too", async () => {
    await start();
    const confToken = await prepare(connection, [["it", ""]]);
    expect(await text(confToken)).toBe("old!");
    dir.write("it.ts", saying("new"));
    runner.process.kill("SIGHUP");
    await untilAnswer(confToken, "old!", "new!");
  });

  test("leaves calls under way to the old code, which goes when the last has ended", async () => {
    await start("--watch");
    const confToken = await prepare(connection, [["it", ""]]);
    using waiting = await RawConnection.connect(runner.socket);
    await waiting.send(requestBytes({ confToken, path: "/wait" }));
    expect(await nextReply(waiting)).toMatchObject({ kind: "question" });
    dir.write("it.ts", saying("new"));
    await untilAnswer(confToken, "old!", "new!");
    expect(runner.log.text).not.toContain("disposed of old");
    await waiting.send(answerBytes("1"));
    const reply = await nextReply(waiting);
    expect(reply.kind === "stop" && Buffer.from(reply.body ?? "").toString()).toBe("old!");
    await runner.log.line("disposed of old");
  });

  test("that does not load leaves the version before in place, and says where it is wrong", async () => {
    await start("--watch");
    const confToken = await prepare(connection, [["it", ""]]);
    dir.write("it.ts", `import { stop } from "apisix-bun-runner";\nexport default { request( };`);
    const line = await runner.log.line("did not load");
    expect(line).toContain("the version before goes on");
    expect(line).toContain(`${dir.file("it.ts")}:2:`);
    expect(await text(confToken)).toBe("old!");
    dir.write("it.ts", saying("mended"));
    await untilAnswer(confToken, "old!", "mended!");
  });
});

test("what the old code had opened is closed when it goes", async () => {
  const opened = dir.file("opened.sock");
  dir.write(
    "it.ts",
    `Bun.listen({ unix: ${JSON.stringify(opened)}, socket: { data() {} } });
     export default { request() {} };`,
  );
  await start("--watch");
  const confToken = await prepare(connection, [["it", ""]]);
  using toOld = await RawConnection.connect(opened);
  dir.write("it.ts", saying("new"));
  await untilAnswer(confToken, "continue", "new!");
  await toOld.closed;
});

test("a new file can be called, and a route that was refused for want of it goes on", async () => {
  await start();
  await connection.send(prepareBytes(PRE_REQ, [["later", ""]]));
  expect(await nextReply(connection)).toMatchObject({ code: "BAD_REQUEST" });
  dir.write("later.ts", saying("later"));
  runner.process.kill("SIGHUP");
  for (;;) {
    await connection.send(prepareBytes(PRE_REQ, [["later", ""]]));
    const reply = await nextReply(connection);
    if (reply.kind === "conf-token") {
      expect(await text(reply.token)).toBe("later!");
      return;
    }
  }
});

test("a file that goes takes its plugin with it: routes that name it fail", async () => {
  await start();
  const confToken = await prepare(connection, [["it", ""]]);
  expect(await text(confToken)).toBe("old!");
  rmSync(dir.file("it.ts"));
  runner.process.kill("SIGHUP");
  await untilAnswer(confToken, "old!", "error");
});
