/** Workers and supervisors that die, hang, or are told to go, in the executable. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { Clients } from "../../scripts/reloads/clients.ts";
import {
  answerBytes,
  nextReply,
  POST_RESP,
  prepare,
  request,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import {
  answerer,
  beginSlow,
  childrenOf,
  isAlive,
  pidOf,
  textOf,
  until,
  Workers,
} from "./workers.ts";

setDefaultTimeout(60_000);

/** A response that waits until APISIX has answered a question. */
const MASKS = `
  import { definePlugin } from "apisix-bun-runner";
  export default definePlugin({
    async response({ response, vars }) { response.body = await vars.get("as"); },
  });`;

const IN_TIME = { isLate: false };

describe("a worker that is killed", () => {
  test("costs the calls that were under way there, and no other", async () => {
    await using workers = await Workers.start();
    const each = await workers.oneEach();
    const [[killed, mine], [other, others]] = [...each] as [
      [number, RawConnection],
      [number, RawConnection],
    ];
    const slow = await prepare(mine, [["slow", ""]]);
    const who = await prepare(mine, [["who", ""]]);
    await beginSlow(mine, slow);
    await beginSlow(others, slow);
    process.kill(killed, "SIGKILL");
    await mine.closed;
    await others.send(answerBytes("now"));
    expect(pidOf(await nextReply(others))).toBe(other);
    await until(() => workers.pids.length === 2);
    const fresh = await workers.oneEach();
    const [started] = workers.pids.filter((pid) => pid !== other);
    expect(started).not.toBe(killed);
    // With the token that the one before had given.
    expect(await answerer(fresh.get(started!)!, who)).toBe(started!);
    expect(await workers.runner.log.line("a worker has ended")).toMatch(
      new RegExp(
        ` error a worker has ended: its connections are closed worker=\\d pid=${killed} signal=SIGKILL connections=`,
      ),
    );
  });

  test("under load, again and again: no more calls fail than it had connections", async () => {
    await using workers = await Workers.start();
    const clients = new Clients(workers.runner.socket, { load: "ready", pause: 0 }, IN_TIME);
    await clients.begin();
    const kills = 5;
    for (let i = 0; i < kills; i++) {
      const [pid = 0] = workers.pids.slice(i % 2);
      process.kill(pid, "SIGKILL");
      await until(() => workers.pids.length === 2 && !workers.pids.includes(pid));
      const { calls } = clients.counts();
      await until(() => clients.counts().calls > calls + 500);
    }
    await clients.end();
    const { failed, wrong, retried } = clients.counts();
    expect({ wrong, retried }).toEqual({ wrong: 0, retried: 0 });
    const ends = workers.runner.log.lines.filter((line) => line.includes("a worker has ended:"));
    expect(ends).toHaveLength(kills);
    const had = ends.map((line) => Number(/ connections=(\d+)/.exec(line)?.[1]));
    expect(failed).toBeLessThanOrEqual(had.reduce((sum, count) => sum + count));
  });

  test("alone, has those who connect meanwhile wait for the next", async () => {
    await using workers = await Workers.start({ workers: 1 });
    using first = await workers.connect();
    const who = await prepare(first, [["who", ""]]);
    const killed = await answerer(first, who);
    process.kill(killed, "SIGKILL");
    const waiting = await workers.connectMany(50);
    const replies = await Promise.all(waiting.map((one) => answerer(one, who)));
    const [next] = workers.pids;
    expect(new Set(replies)).toEqual(new Set([next!]));
    expect(next).not.toBe(killed);
  });

  test("with connections on their way to it: they reach the next", async () => {
    await using workers = await Workers.start({ workers: 1 });
    using first = await workers.connect();
    const who = await prepare(first, [["who", ""]]);
    const stopped = await answerer(first, who);
    // It takes nothing any more, and has not died yet.
    process.kill(stopped, "SIGSTOP");
    const waiting = await workers.connectMany(20);
    for (const one of waiting) await one.send(requestBytes({ confToken: who }));
    process.kill(stopped, "SIGKILL");
    for (const one of waiting) expect(pidOf(await nextReply(one))).not.toBe(stopped);
  });

  test("soon after its start, again and again, is started after longer and longer pauses", async () => {
    await using workers = await Workers.start();
    const { log } = workers.runner;
    const [dying = 0, sound = 0] = workers.pids;
    let last = dying;
    for (const pause of [undefined, 100, 200, 400]) {
      process.kill(last, "SIGKILL");
      if (pause !== undefined) await log.line(`it is started again in ${pause} ms`);
      await until(() => workers.pids.some((pid) => pid !== sound && pid !== last));
      [last = 0] = workers.pids.filter((pid) => pid !== sound);
      // The other goes on meanwhile.
      using connection = await workers.connect();
      expect(await answerer(connection, await prepare(connection, [["who", ""]]))).toBeNumber();
    }
    expect(await log.line("4 times in a row")).toMatch(
      / error a worker has ended 4 times in a row: it is started again in 400 ms worker=\d$/,
    );
  });
});

describe("a worker that hangs", () => {
  test("is replaced under its process id; others, and new connections, do not notice", async () => {
    await using workers = await Workers.start({ more: ["--watchdog-timeout=2s"] });
    const each = await workers.oneEach();
    const [[hung, mine], [other, others]] = [...each] as [
      [number, RawConnection],
      [number, RawConnection],
    ];
    const who = await prepare(mine, [["who", ""]]);
    const loop = await prepare(mine, [["loop", ""]]);
    // Another connection of the worker that hangs, on which nothing is under way.
    let pooled = await workers.connect();
    while ((await answerer(pooled, who)) !== hung) pooled = await workers.connect();
    await mine.send(requestBytes({ confToken: loop }));
    await workers.runner.log.line("loops");
    await pooled.send(requestBytes({ confToken: who }));
    // Those who connect now are answered by the other, also where the one that hangs has fewer.
    const fresh = await workers.connectMany(8);
    expect(await answerer(others, who)).toBe(other);
    for (const one of fresh) expect(await answerer(one, who)).toBe(other);
    expect(workers.runner.log.text).not.toContain("did not yield");
    await mine.closed;
    expect(pidOf(await nextReply(pooled))).toBe(hung);
    expect(await workers.runner.log.line("did not yield: the process is replaced")).toMatch(
      / worker=\d plugin=loop /,
    );
    expect(new Set(workers.pids)).toEqual(new Set([hung, other]));
    // It still takes what it is sent, and dies with its supervisor.
    const later = await workers.oneEach();
    expect([...later.keys()]).toContain(hung);
    workers.runner.process.kill("SIGKILL");
    await until(() => !isAlive(hung) && !isAlive(other));
  });

  test("alone, answers those who connect meanwhile when it is replaced", async () => {
    await using workers = await Workers.start({
      workers: 1,
      more: ["--watchdog-timeout=300ms"],
    });
    using hung = await workers.connect();
    const who = await prepare(hung, [["who", ""]]);
    const pid = await answerer(hung, who);
    await hung.send(requestBytes({ confToken: await prepare(hung, [["loop", ""]]) }));
    await workers.runner.log.line("loops");
    const waiting = await workers.connectMany(100);
    for (const one of waiting) await one.send(requestBytes({ confToken: who }));
    for (const one of waiting) expect(pidOf(await nextReply(one))).toBe(pid);
    await hung.closed;
  });
});

test("a worker above limits.memory is replaced, and the others are not", async () => {
  const plugins = {
    hoard: `
      import { definePlugin, stop } from "apisix-bun-runner";
      const kept = [];
      export default definePlugin({
        request() {
          for (let i = 0; i < 400; i++) kept.push(new Uint8Array(1_000_000).fill(1));
          return stop(String(process.pid));
        },
      });`,
  };
  await using workers = await Workers.start({ plugins, more: ["--limits-memory=300MiB"] });
  const each = await workers.oneEach();
  const [[hoarding, mine], [other, others]] = [...each] as [
    [number, RawConnection],
    [number, RawConnection],
  ];
  const who = await prepare(others, [["who", ""]]);
  expect(await answerer(mine, await prepare(mine, [["hoard", ""]]))).toBe(hoarding);
  const line = await workers.runner.log.line("took over from the process image before");
  expect(line).toContain(`pid=${hoarding} connections=`);
  expect(line).toContain("worker=");
  expect(await answerer(mine, who)).toBe(hoarding);
  expect(await answerer(others, who)).toBe(other);
  expect(workers.runner.log.lines.filter((each) => each.includes("it is replaced"))).toHaveLength(
    1,
  );
});

describe("the supervisor", () => {
  test("killed, takes its workers along, one that hangs too", async () => {
    await using workers = await Workers.start({ more: ["--watchdog-timeout=off"] });
    const each = await workers.oneEach();
    const [hung] = each.values();
    await hung!.send(requestBytes({ confToken: await prepare(hung!, [["loop", ""]]) }));
    await workers.runner.log.line("loops");
    workers.runner.process.kill("SIGKILL");
    await until(() => [...each.keys()].every((pid) => !isAlive(pid)));
  });

  test("killed while its workers start, leaves none", async () => {
    for (const delay of [0, 2, 5, 10, 20, 40]) {
      await using workers = await Workers.start({ workers: 3 });
      await Bun.sleep(delay);
      const { pids } = workers;
      workers.runner.process.kill("SIGKILL");
      await until(() => pids.every((pid) => !isAlive(pid)));
    }
  });

  test.each(["SIGTERM", "the end of APISIX"])("ends on %s when all is answered", async (reason) => {
    await using workers = await Workers.start();
    const each = await workers.oneEach();
    const [[pid, busy], [, idle]] = [...each] as [[number, RawConnection], [number, RawConnection]];
    const { pids } = workers;
    const slow = await prepare(busy, [["slow", ""]]);
    const who = await prepare(busy, [["who", ""]]);
    await beginSlow(busy, slow);
    if (reason === "SIGTERM") workers.runner.process.kill("SIGTERM");
    else await workers.runner.process.stdin.end();
    // It goes on as long as it may.
    expect(await answerer(idle, who)).toBeNumber();
    using fresh = await workers.connect();
    expect(await answerer(fresh, who)).toBeNumber();
    await busy.send(answerBytes("now"));
    expect(pidOf(await nextReply(busy))).toBe(pid);
    for (const connection of [busy, idle, fresh]) connection[Symbol.dispose]();
    expect(await workers.runner.process.exited).toBe(0);
    expect(pids.some(isAlive)).toBe(false);
    expect(existsSync(workers.runner.socket)).toBe(false);
    expect(workers.runner.log.lines).toEqual([]);
  });

  test("ends after 900 ms where a call takes longer, and says so", async () => {
    await using workers = await Workers.start();
    using busy = await workers.connect();
    await beginSlow(busy, await prepare(busy, [["slow", ""]]));
    const { pids } = workers;
    expect(await workers.runner.stop()).toBe(0);
    await workers.runner.log.ended;
    expect(workers.runner.log.text).toMatch(/stopped with 1 calls still under way worker=\d/);
    expect(pids.some(isAlive)).toBe(false);
  });

  test("fails the responses that take longer, whose clients get nothing of the upstream's", async () => {
    await using workers = await Workers.start({ plugins: { masks: MASKS } });
    using busy = await workers.connect();
    const confToken = await prepare(busy, [["masks", ""]], POST_RESP);
    await busy.send(responseBytes({ confToken }));
    expect(await nextReply(busy)).toMatchObject({ kind: "question" });
    expect(await workers.runner.stop()).toBe(0);
    expect(await nextReply(busy)).toMatchObject({ kind: "response", status: 503 });
    await busy.closed;
  });

  test("lets workers dispose of what plugins have", async () => {
    const plugins = {
      disposable: `
        import { definePlugin, stop } from "apisix-bun-runner";
        export default definePlugin({
          setup: (_, { log }) => ({ [Symbol.dispose]: () => log.error("disposed") }),
          request: () => stop("fine"),
        });`,
    };
    await using workers = await Workers.start({ plugins });
    const each = await workers.oneEach();
    for (const connection of each.values()) {
      const confToken = await prepare(connection, [["disposable", ""]]);
      expect((await request(connection, { confToken })).kind).toBe("stop");
      connection[Symbol.dispose]();
    }
    expect(await workers.runner.stop()).toBe(0);
    await workers.runner.log.ended;
    expect(workers.runner.log.lines.filter((line) => line.includes("disposed"))).toHaveLength(2);
  });

  test("ends with an error where no socket can be made, and leaves no worker", async () => {
    // It resolves when the last process that has the log's pipe is gone.
    const { code, log } = await RunnerProcess.startAndExit({
      args: ["start", "--workers=2"],
      socket: "/nowhere/at/all.sock",
    });
    expect(code).toBe(1);
    expect(log.text).toContain("cannot listen on /nowhere/at/all.sock: the directory");
  });
});

describe("SIGHUP", () => {
  test("has every worker load its plugins again", async () => {
    await using workers = await Workers.start({ plugins: { word: wordPlugin("before") } });
    const each = [...(await workers.oneEach()).values()];
    const confToken = await prepare(each[0]!, [["word", ""]]);
    const words = () =>
      Promise.all(each.map(async (one) => textOf(await request(one, { confToken }))));
    expect(await words()).toEqual(["before", "before"]);
    workers.dir.write("plugins/word.ts", wordPlugin("after"));
    workers.runner.process.kill("SIGHUP");
    await until(async () => (await words()).every((word) => word === "after"));
  });

  test("while a worker starts does not end it", async () => {
    await using workers = await Workers.start({ workers: 1 });
    using first = await workers.connect();
    const who = await prepare(first, [["who", ""]]);
    for (let i = 0; i < 3; i++) {
      const [pid = 0] = childrenOf(workers.supervisor);
      process.kill(pid, "SIGKILL");
      await until(() => workers.pids.length === 1 && workers.pids[0] !== pid);
      for (let n = 0; n < 20; n++) workers.runner.process.kill("SIGHUP");
      const [started] = workers.pids;
      using connection = await workers.connect();
      expect(await answerer(connection, who)).toBe(started!);
    }
  });

  test("with an error in the settings changes nothing, and is told once", async () => {
    using dir = new TempDir();
    const file = dir.write("config.yaml", "logging: { level: info }\n");
    await using workers = await Workers.start({ env: { APISIX_BUN_RUNNER_CONFIG: file } });
    const { log, process: supervisor } = workers.runner;
    await Promise.all([1, 2].map((worker) => log.line(`is ready worker=${worker}`)));
    dir.write("config.yaml", "logging: { level: loud }\n");
    supervisor.kill("SIGHUP");
    await log.line('logging.level is "loud"');
    dir.write("config.yaml", "logging: { level: info }\nworkers: 5\n");
    supervisor.kill("SIGHUP");
    await log.line("info reloaded worker=1");
    await log.line("info reloaded worker=2");
    expect(log.lines.filter((line) => line.includes("loud"))).toHaveLength(1);
    const asked = log.lines.filter((line) => line.includes("a restart is needed for"));
    // The flag that the workers were started with counts more than the file.
    expect(asked).toEqual([]);
    expect(workers.pids).toHaveLength(2);
  });
});

function wordPlugin(word: string): string {
  return `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({ request: () => stop("${word}") });`;
}

test("a terminal's Ctrl-C, which reaches all processes, loses no call", async () => {
  await using workers = await Workers.start();
  using busy = await workers.connect();
  const slow = await prepare(busy, [["slow", ""]]);
  await beginSlow(busy, slow);
  for (const pid of [...workers.pids, workers.supervisor]) process.kill(pid, "SIGINT");
  await busy.send(answerBytes("now"));
  expect(pidOf(await nextReply(busy))).toBeNumber();
  busy[Symbol.dispose]();
  expect(await workers.runner.process.exited).toBe(0);
});
