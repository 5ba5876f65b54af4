/** Nothing of one call is reachable from another, but through `state`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import {
  answerBytes,
  nextReply,
  POST_RESP,
  prepare,
  PRE_REQ,
  requestBytes,
  responseBytes,
} from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

let runner: RunnerProcess;
const plugins = new TempDir();

beforeAll(async () => {
  copyFileSync(join(import.meta.dir, "spy.ts"), plugins.file("spy.ts"));
  runner = await RunnerProcess.start({ args: ["start", "--plugins", plugins.path] });
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  plugins[Symbol.dispose]();
});

const connect = () => RawConnection.connect(runner.socket);

interface Report {
  readonly objects: number;
  readonly marked: number;
  readonly leaks: readonly string[];
  readonly others: number;
}

type Phase = "request" | "response";

/** A call with a cookie that no other has. */
function callBytes(phase: Phase, confToken: number, n: number): Buffer {
  const cookie = `cookie${n.toString(36).padStart(8, "0")}`;
  return phase === "request"
    ? requestBytes({
        id: n,
        confToken,
        headers: [{ name: "cookie", value: cookie }],
        args: [{ name: "a", value: cookie }],
      })
    : responseBytes({
        id: n,
        confToken,
        headers: [
          { name: "set-cookie", value: cookie },
          { name: "x", value: "y" },
        ],
      });
}

/** Answers questions until the one that lets the call go on. */
async function answerUpTo(
  connection: RawConnection,
  variable: string,
  cookie: string,
): Promise<void> {
  for (;;) {
    const reply = await nextReply(connection);
    if (reply.kind !== "question") throw new Error(`no question but ${JSON.stringify(reply)}`);
    if (reply.question.kind === "var" && reply.question.name === variable) return;
    await connection.send(answerBytes(cookie));
  }
}

async function finish(connection: RawConnection): Promise<Report> {
  await connection.send(answerBytes("now"));
  const reply = await nextReply(connection);
  if (!("body" in reply) || reply.body === undefined) throw new Error(JSON.stringify(reply));
  return JSON.parse(Buffer.from(reply.body).toString());
}

function expectNoLeak(report: Report, calls: number): void {
  expect(report.leaks).toEqual([]);
  // Both show that the spy looks: it reaches a lot, changes a lot of it, and finds what is in state.
  expect(report.objects).toBeGreaterThan(50);
  expect(report.marked).toBeGreaterThan(20);
  expect(report.others).toBe(calls);
}

describe.each(["request", "response"] as const)("in the %s phase", (phase) => {
  const key = (route: string) =>
    (phase === "request" ? PRE_REQ : POST_RESP).replace("r1", `${route}-${phase}`);

  test("20 calls after each other on one connection", async () => {
    using connection = await connect();
    const confToken = await prepare(connection, [["spy", ""]], key("one"));
    for (let n = 0; n < 20; n++) {
      await connection.send(callBytes(phase, confToken, n));
      await answerUpTo(connection, "go_on", `cookie${n.toString(36).padStart(8, "0")}`);
      expectNoLeak(await finish(connection), n);
    }
  });

  test("20 calls on two connections, each in the middle of the other", async () => {
    using first = await connect();
    using second = await connect();
    const confToken = await prepare(first, [["spy", ""]], key("two"));
    for (let n = 100; n < 120; n += 2) {
      await first.send(callBytes(phase, confToken, n));
      await answerUpTo(first, "go_on", `cookie${n.toString(36).padStart(8, "0")}`);
      await second.send(callBytes(phase, confToken, n + 1));
      await answerUpTo(second, "go_on", `cookie${(n + 1).toString(36).padStart(8, "0")}`);
      expectNoLeak(await finish(first), n - 100);
      expectNoLeak(await finish(second), n - 99);
    }
  });
});
