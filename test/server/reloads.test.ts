/** Reloads under load, as APISIX does them: the clients notice nothing. */
import { expect, test } from "bun:test";
import type { Load } from "../../scripts/reloads/clients.ts";
import { reloadTrial } from "../../scripts/reloads/trial.ts";
import { executable } from "../support/executable.ts";

test.each<[Load, number]>([
  ["ready", 50],
  ["waiting", 6],
  ["bodies", 6],
])(
  "with answers that are %s, %d reloads lose no call",
  async (load, reloads) => {
    const trial = await reloadTrial({ executable, reloads, load, pause: 10 });
    const { calls, failures, failed, retried, wrong, late, left } = trial;
    expect({ failures, failed, retried, wrong, left }).toEqual({
      failures: {},
      failed: 0,
      retried: 0,
      wrong: 0,
      left: [],
    });
    // Where the machine cannot start a runner in time, nothing is to be seen.
    expect(late).toBeLessThan(reloads / 2);
    expect(calls).toBeGreaterThan(reloads * 32);
  },
  120_000,
);
