/** Several processes on one store: nothing is lost, nothing is given out twice. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { engines } from "./rigs.ts";

const PROCESSES = 4;
const ROUNDS = 200;

interface Found {
  readonly values: readonly number[];
  readonly taken: number;
  readonly added: number;
}

describe.each(engines.filter(({ name }) => name !== "memory"))("$name", ({ name, skip, open }) => {
  const title = skip === undefined ? "" : ` (skipped: ${skip})`;
  test.skipIf(skip !== undefined)(`${name}: ${PROCESSES} at once${title}`, async () => {
    await using rig = await open();
    const contenders = Array.from({ length: PROCESSES }, () => contend(rig.url ?? ""));
    await Promise.all(contenders.map(({ ready }) => ready));
    const found = await Promise.all(contenders.map(({ go }) => go()));

    const total = PROCESSES * ROUNDS;
    const values = found.flatMap((each) => each.values);
    expect(new Set(values).size).toBe(total);
    expect(Math.max(...values)).toBe(total);
    const store = rig.stores.for("contended");
    expect(await store.get<object>("sum")).toEqual({ sum: total });
    expect(found.reduce((sum, { taken }) => sum + taken, 0)).toBe(100);
  });
});

function contend(url: string): { ready: Promise<unknown>; go(): Promise<Found> } {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "contender.ts"), url, String(ROUNDS)],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const reader = child.stdout.getReader();
  const ready = reader.read();
  return {
    ready,
    async go() {
      child.stdin.write("go\n");
      child.stdin.end();
      let output = "";
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return JSON.parse(output) as Found;
        output += decoder.decode(value, { stream: true });
      }
    },
  };
}
