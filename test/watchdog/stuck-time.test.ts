/** What counts as time in which the serving thread could have turned and did not. */
import { describe, expect, test } from "bun:test";
import { StuckTime, type ThreadState } from "../../src/watchdog/stuck-time.ts";

const PERIOD = 100;

/** Looks at these moments, all with the same beat before them; returns what the last one found. */
function lookAt(times: readonly number[], states: readonly ThreadState[] = []): number {
  const left = [...states];
  const stuckTime = new StuckTime(() => left.shift());
  stuckTime.look(1, PERIOD, 0);
  return times.map((now) => stuckTime.look(1, PERIOD, now)).at(-1) ?? 0;
}

function running(cpuMs: number): ThreadState {
  return { cpuMs, isRunnable: true };
}

function asleep(cpuMs: number): ThreadState {
  return { cpuMs, isRunnable: false };
}

describe("stuck time", () => {
  test("grows from look to look while there is no beat", () => {
    expect(lookAt([100])).toBe(100);
    expect(lookAt([100, 200, 300])).toBe(300);
  });

  test("begins anew with each beat", () => {
    const stuckTime = new StuckTime(() => undefined);
    stuckTime.look(1, PERIOD, 0);
    expect(stuckTime.look(1, PERIOD, 100)).toBe(100);
    expect(stuckTime.look(2, PERIOD, 200)).toBe(0);
    expect(stuckTime.look(2, PERIOD, 300)).toBe(100);
  });

  test("leaves out time in which the whole process was stopped", () => {
    expect(lookAt([100, 60_000, 60_100])).toBe(400);
  });

  test("of a thread that wants to run is the time in which it does", () => {
    const states = [running(1000), running(1100), running(1110), running(1110)];
    expect(lookAt([100, 200, 300, 400], states)).toBe(110);
  });

  test("of a thread that a system call keeps is all of it", () => {
    expect(lookAt([100, 200, 300], [asleep(1000), asleep(1000), asleep(1000)])).toBe(300);
  });
});
