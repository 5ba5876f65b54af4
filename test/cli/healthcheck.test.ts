/** `healthcheck`: a sign of life, or why there is none. */
import { describe, expect, test } from "bun:test";
import { run } from "../support/run.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

describe("a runner that serves", () => {
  test("answers, by every way to name its socket", async () => {
    await using runner = await RunnerProcess.start();
    const { socket, dir } = runner;
    const config = dir.write("settings.yaml", `socket: { file: ${socket} }\n`);
    const named = [
      run(["healthcheck", "--socket", socket]),
      run(["healthcheck", "--socket", `unix:${socket}`]),
      run(["healthcheck"], { env: { APISIX_LISTEN_ADDRESS: `unix:${socket}` } }),
      run(["healthcheck"], { env: { APISIX_BUN_RUNNER_SOCKET_FILE: socket } }),
      run(["healthcheck", "--config", config]),
    ];
    for (const { code, stdout, stderr } of await Promise.all(named)) {
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toStartWith(`ok: the runner at ${socket} answered in `);
      expect(stdout.trimEnd()).not.toContain("\n");
    }
  });

  test("has nothing to say of it, and no more confs than before", async () => {
    // Two confs have no place: the second one that differs would be told of in the log.
    await using runner = await RunnerProcess.start({
      args: ["--limits-confs", "1", "--log-level", "warn"],
    });
    for (let i = 0; i < 3; i++) {
      expect((await run(["healthcheck", "--socket", runner.socket])).code).toBe(0);
    }
    await runner.stop();
    await runner.log.ended;
    expect(runner.log.text).toBe("");
  });

  test("is found with --socket whatever its config file says by now", async () => {
    await using runner = await RunnerProcess.start();
    const broken = runner.dir.write("broken.yaml", "nonsense: [");
    const env = { APISIX_BUN_RUNNER_CONFIG: broken };
    expect((await run(["healthcheck", "--socket", runner.socket], { env })).code).toBe(0);
    expect((await run(["healthcheck"], { env })).code).toBe(2);
  });
});

describe("ends with 1", () => {
  test("where nobody listens", async () => {
    const { code, stdout, stderr } = await run(["healthcheck", "--socket", "/nowhere/runner.sock"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      "apisix-bun-runner: cannot connect to a runner at /nowhere/runner.sock: ENOENT\n",
    );
  });

  test("where what listens says nothing", async () => {
    using server = new Silent(() => undefined);
    const args = ["healthcheck", "--socket", server.path, "--timeout", "50ms"];
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `apisix-bun-runner: the runner at ${server.path} did not answer within 50 ms\n`,
    );
  });

  test("where the reply is none", async () => {
    using server = new Silent((socket) => socket.write(Uint8Array.of(9, 0, 0, 0)));
    const { code, stderr } = await run(["healthcheck", "--socket", server.path]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^apisix-bun-runner: the runner sent a malformed frame: .+\n$/);
  });

  test("where it is cut off", async () => {
    using server = new Silent((socket) => socket.end());
    const { code, stderr } = await run(["healthcheck", "--socket", server.path]);
    expect(code).toBe(1);
    expect(stderr).toBe("apisix-bun-runner: the runner closed the connection\n");
  });
});

test.each([
  [["healthcheck"], "no address"],
  [["healthcheck", "--timeout", "5"], '--timeout is "5"; allowed: a duration with its unit'],
  [["healthcheck", "--socket", "localhost:80"], "Unix socket"],
  [["healthcheck", "--config", "/nowhere.yaml"], "/nowhere.yaml"],
])("%j ends with 2", async (args, message) => {
  const { code, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(message));
});

/** A socket that takes what comes and answers it in its own way. */
class Silent implements Disposable {
  readonly #dir = new TempDir();
  readonly path = this.#dir.file("silent.sock");
  readonly #listener: Bun.UnixSocketListener<undefined>;

  constructor(answer: (socket: Bun.Socket<undefined>) => unknown) {
    this.#listener = Bun.listen({
      unix: this.path,
      socket: { data: (socket) => void answer(socket) },
    });
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
    this.#dir[Symbol.dispose]();
  }
}
