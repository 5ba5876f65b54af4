/** Plugin files that never yield while they are loaded: named, skipped by the next image, loaded again when they are mended. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
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
import { childrenOf } from "../workers/workers.ts";

// A file that shares the processor with others is given the time in which it did not run.
setDefaultTimeout(60_000);

const HANGS = "for (;;);";

/** Hangs when it has waited for longer than a file is loaded alone. */
const HANGS_LATER = "await Bun.sleep(500); for (;;);";

const WAITS = `
  import { definePlugin } from "apisix-bun-runner";
  await new Promise(() => undefined);
  export default definePlugin({});`;

const FINE = `
  import { definePlugin, stop } from "apisix-bun-runner";
  export default definePlugin({
    async request({ request, vars }) {
      if (request.path === "/wait") await vars.get("go");
      if (request.path === "/loop") for (;;);
      return stop("fine");
    },
  });`;

const TOOK_OVER = "took over from the process image before";

function startIn(
  dir: TempDir,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunnerProcess> {
  const args = ["start", "--plugins", dir.file("plugins"), "--watchdog-timeout=300ms", ...more];
  return RunnerProcess.start({ args, env });
}

/** What APISIX gets for the wish to prepare a conf of this one plugin. */
async function prepared(connection: RawConnection, plugin: string): Promise<string> {
  await connection.send(prepareBytes(PRE_REQ, [[plugin, ""]]));
  const reply = await nextReply(connection);
  return reply.kind === "error" ? String(reply.code) : reply.kind;
}

async function preparedAtLast(connection: RawConnection, plugin: string): Promise<void> {
  // At this level nothing says that a reload is done.
  while ((await prepared(connection, plugin)) !== "conf-token");
}

describe("a file that hangs", () => {
  test.each([
    ["at the start", []],
    ["with metrics", ["--metrics-listen=127.0.0.1:0"]],
  ])("%s is named and skipped, until it is mended", async (_what, more) => {
    using dir = new TempDir();
    const file = dir.write("plugins/hangs.ts", HANGS);
    dir.write("plugins/fine.ts", FINE);
    await using runner = await startIn(dir, more);
    using waiting = await RawConnection.connect(runner.socket);
    await runner.log.line(TOOK_OVER);
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["fine", ""]]);
    expect(await request(connection, { confToken })).toMatchObject({ kind: "stop" });
    expect(await prepare(waiting, [["fine", ""]])).toBe(confToken);
    expect(await prepared(connection, "hangs")).toBe("BAD_REQUEST");

    const lines = runner.log.lines.filter((line) => !line.includes(" info "));
    const [noticed, tookOver, skipped, refused] = lines;
    expect(noticed).toMatch(
      new RegExp(
        ` error a plugin did not yield while its file was loaded: the process is replaced plugin=hangs file=${file} ms=\\d+$`,
      ),
    );
    expect(tookOver).toContain(` plugin=hangs file=${file} pid=${runner.process.pid} `);
    expect(skipped).toContain(" error plugin hangs did not load: the process hung while it was");
    expect(skipped).toContain("mend it, then reload (SIGHUP) or restart");
    expect(refused).toContain("its file did not load");
    expect(lines).toHaveLength(4);

    dir.write("plugins/hangs.ts", FINE);
    runner.process.kill("SIGHUP");
    await preparedAtLast(connection, "hangs");
  });

  test("on a reload is skipped at once, though calls may have gone on", async () => {
    using dir = new TempDir();
    dir.write("plugins/it.ts", FINE);
    dir.write("plugins/other.ts", FINE);
    await using runner = await startIn(dir);
    using busy = await RawConnection.connect(runner.socket);
    const confToken = await prepare(busy, [["other", ""]]);
    await busy.send(requestBytes({ confToken, path: "/wait" }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });
    const file = dir.write("plugins/it.ts", HANGS);
    runner.process.kill("SIGHUP");
    const line = await runner.log.line("one of these plugins, or a timer, did not yield");
    expect(line).toContain(`it, whose file ${file} was being loaded`);
    expect(line).toContain("other on route#r1#ext-plugin-pre-req (request");
    await runner.log.line("replacements=1");
    using connection = await RawConnection.connect(runner.socket);
    expect(await prepared(connection, "it")).toBe("BAD_REQUEST");
    expect(await prepared(connection, "other")).toBe("conf-token");
    expect(runner.log.text).not.toContain("replacements=2");
  });

  test("when another one waits is skipped with that one, since it may be either", async () => {
    using dir = new TempDir();
    const later = dir.write("plugins/a.ts", HANGS_LATER);
    const waits = dir.write("plugins/b.ts", WAITS);
    dir.write("plugins/fine.ts", FINE);
    await using runner = await startIn(dir);
    await runner.log.line(TOOK_OVER);
    using connection = await RawConnection.connect(runner.socket);
    expect(await prepared(connection, "fine")).toBe("conf-token");
    expect(await prepared(connection, "a")).toBe("BAD_REQUEST");
    expect(await prepared(connection, "b")).toBe("BAD_REQUEST");
    const line = await runner.log.line("one of these plugins");
    expect(line).toContain(`a, whose file ${later} was being loaded`);
    expect(line).toContain(`b, whose file ${waits} was being loaded`);
  });

  test("and is mended under plugins.watch is not held against it by later images", async () => {
    using dir = new TempDir();
    dir.write("plugins/it.ts", HANGS);
    await using runner = await startIn(dir, [], { APISIX_BUN_RUNNER_PLUGINS_WATCH: "true" });
    await runner.log.line("plugin it did not load");
    dir.write("plugins/it.ts", FINE);
    using connection = await RawConnection.connect(runner.socket);
    await preparedAtLast(connection, "it");
    using hung = await RawConnection.connect(runner.socket);
    const confToken = await prepare(hung, [["it", ""]]);
    await hung.send(requestBytes({ confToken, path: "/loop" }));
    await hung.closed;
    await runner.log.line('where="a hook"');
    expect(await prepared(connection, "it")).toBe("conf-token");
  });

  test("in a worker is skipped by its next image, which nobody knows to be late", async () => {
    using dir = new TempDir();
    dir.write("plugins/hangs.ts", HANGS);
    dir.write("plugins/fine.ts", FINE);
    await using runner = await startIn(dir, ["--workers=1", "--log-level=info"]);
    await runner.log.line(TOOK_OVER);
    using connection = await RawConnection.connect(runner.socket);
    expect(await prepared(connection, "fine")).toBe("conf-token");
    expect(await prepared(connection, "hangs")).toBe("BAD_REQUEST");
    const [pid] = childrenOf(runner.process.pid);
    expect(await runner.log.line(/a worker is ready worker=1 pid=\d+$/)).toEndWith(`pid=${pid}`);
  });
});
