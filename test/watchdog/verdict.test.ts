/** How many replacements are too many, and for whom. */
import { expect, test } from "bun:test";
import {
  counted,
  type Hang,
  type History,
  NO_HISTORY,
  pardoned,
} from "../../src/watchdog/bequest.ts";
import { withHang } from "../../src/watchdog/verdict.ts";

const SAY = { plugin: "say", route: "route#1" };
const FILE = { plugin: "say", file: "/plugins/say.ts" };
const OTHER_FILE = { plugin: "other", file: "/plugins/other.ts" };

function after(...hangs: readonly Hang[]): History {
  return hangs.reduce((history, hang) => withHang(history, hang), NO_HISTORY);
}

test("three within a minute are too many", () => {
  expect(after({ at: 0, ...SAY }, { at: 30_000, ...SAY }).refused).toEqual([]);
  const third = after({ at: 0, ...SAY }, { at: 30_000, ...SAY }, { at: 59_999, ...SAY });
  expect(third.refused).toEqual([SAY]);
  expect(third.hangs).toHaveLength(3);
});

test("three in more than a minute are not", () => {
  const third = after({ at: 0, ...SAY }, { at: 30_000, ...SAY }, { at: 60_000, ...SAY });
  expect(third.refused).toEqual([]);
  expect(third.hangs).toHaveLength(2);
});

test("each route counts by itself, and what nobody is known for counts for nobody", () => {
  const others = [{ at: 1, plugin: "say", route: "route#2" }, { at: 2 }, { at: 3 }, { at: 4 }];
  expect(after(...others, { at: 5, ...SAY }, { at: 6, ...SAY }).refused).toEqual([]);
});

test("who was refused stays refused when another hangs later", () => {
  const refused = after({ at: 0, ...SAY }, { at: 1, ...SAY }, { at: 2, ...SAY });
  expect(withHang(refused, { at: 500_000 })).toMatchObject({
    hangs: [{ at: 500_000 }],
    refused: [SAY],
  });
});

test("a file that was being loaded is skipped from its first time on, until all is pardoned", () => {
  const first = withHang(NO_HISTORY, { at: 0 }, [FILE]);
  expect(first).toMatchObject({ hangs: [{ at: 0 }], refused: [], skipped: [FILE] });
  const second = withHang(first, { at: 500_000, ...SAY }, [OTHER_FILE]);
  expect(second.skipped).toEqual([FILE, OTHER_FILE]);
  expect(pardoned(second).skipped).toEqual([]);
});

test("all are counted, those that are forgotten too", () => {
  const history = after({ at: 0, ...SAY }, { at: 70_000 });
  expect(history.replacements).toEqual({ unyielding: 2, memory: 0 });
  expect(pardoned(counted(history, "memory"))).toEqual({
    hangs: [],
    refused: [],
    skipped: [],
    replacements: { unyielding: 2, memory: 1 },
  });
});
