/** What must not stop serving: errors that nothing caught, a full disk, a closed or broken stderr. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { nextReply, prepare, requestBytes } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

let plugins: TempDir;

beforeEach(() => {
  plugins = new TempDir();
  plugins.write(
    "stray.ts",
    `import { stop } from "apisix-bun-runner";
     export default {
       request({ config }) {
         if (config === "rejection") void Promise.reject(new Error("left behind"));
         if (config === "exception") setTimeout(() => { throw new Error("from a timer"); }, 0);
         if (config === "nothing at all") void Promise.reject(undefined);
         if (config === "failing") throw new Error("to be logged");
         return stop("answered");
       },
     };`,
  );
});

afterEach(() => plugins[Symbol.dispose]());

async function expectServing(runner: RunnerProcess): Promise<void> {
  using connection = await RawConnection.connect(runner.socket);
  const confToken = await prepare(connection, [["say", '{"body":"hi"}']]);
  for (let id = 0; id < 5; id++) {
    await connection.send(requestBytes({ id, confToken }));
    expect(await nextReply(connection)).toMatchObject({ kind: "stop", id });
  }
}

describe("an error that nothing caught", () => {
  test.each([
    [
      "rejection",
      "a rejection that nothing caught; the runner goes on plugin=stray",
      "left behind",
    ],
    [
      "exception",
      "an exception that nothing caught; the runner goes on plugin=stray",
      "from a timer",
    ],
    ["nothing at all", "a rejection that nothing caught; the runner goes on plugin=stray", ""],
  ])("%s: is logged with its plugin, and survived", async (config, text, message) => {
    await using runner = await RunnerProcess.start({ args: ["start", "--plugins", plugins.path] });
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["stray", config]]);
    await connection.send(requestBytes({ confToken }));
    expect(await nextReply(connection)).toMatchObject({ kind: "stop" });
    expect(await runner.log.line(text)).toContain(message);
    await expectServing(runner);
  });
});

describe("records that cannot be written", () => {
  /** Makes the runner log an error for each call. */
  async function failCalls(runner: RunnerProcess): Promise<void> {
    using connection = await RawConnection.connect(runner.socket);
    for (let id = 0; id < 5; id++) {
      const confToken = await prepare(
        connection,
        [["stray", "failing"]],
        `route#${id}#ext-plugin-pre-req#1`,
      );
      await connection.send(requestBytes({ id, confToken }));
      expect(await nextReply(connection)).toMatchObject({ kind: "error" });
    }
  }

  test("a full disk", async () => {
    await using runner = await RunnerProcess.start({
      args: ["start", "--plugins", plugins.path, "--log-level", "debug", "--log-file", "/dev/full"],
    });
    await failCalls(runner);
    await expectServing(runner);
  });

  test.each([
    ["stdin, stdout and stderr closed", "0<&- 1>&- 2>&-"],
    ["stderr closed", "2>&-"],
    ["a stderr that takes nothing", "2>/dev/full"],
    ["a pipe whose reader has gone", "2> >(true)"],
  ])("%s", async (_what, redirection) => {
    const script = `exec "$0" start --plugins "$1" --log-level debug ${redirection}`;
    await using runner = await RunnerProcess.start({
      executable: "/bin/bash",
      args: ["-c", script, executable, plugins.path],
    });
    await failCalls(runner);
    await expectServing(runner);
  });
});
