/** What a supervisor asks its workers. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Questions } from "../../src/workers/questions.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

test("all workers are asked at once; what cannot be answered says why", async () => {
  using dir = new TempDir();
  const { code, stdout, stderr } = await run([dir.file("s.sock")], {
    command: [process.execPath, join(import.meta.dir, "answering.ts")],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const [first = "", second = ""] = stdout.trim().split("\n");
  const pid: unknown = expect.any(Number);
  expect(JSON.parse(first)).toEqual([
    { worker: 1, pid, value: { calls: 1, text: "é\n" } },
    { worker: 2, pid, value: [2] },
    { worker: 3, pid, problem: "worker 3: not today" },
    { worker: 4, pid, problem: "worker 4 did not answer within 300 ms" },
    { worker: 5, pid, problem: "worker 5: nobody answers metrics here" },
  ]);
  expect(JSON.parse(second)).toEqual([1, 2, 3, 4, 5]);
  expect(stderr).toContain("a worker has ended: its connections are closed worker=1 pid=");
  expect(code).toBe(0);
}, 60_000);

test("an answer reaches the question with its number, and a late one nobody", async () => {
  const questions = new Questions<string>();
  const numbers: number[] = [];
  const asked = ["a", "b", "c"].map(() => questions.ask((number) => numbers.push(number)));
  questions.answer(numbers[1]!, "second");
  questions.refuse(numbers[0]!, new Error("no"));
  questions.answer(numbers[0]!, "late");
  questions.refuseAll(new Error("all gone"));
  const results = await Promise.allSettled(asked);
  expect(results).toEqual([
    { status: "rejected", reason: new Error("no") },
    { status: "fulfilled", value: "second" },
    { status: "rejected", reason: new Error("all gone") },
  ]);
});
