/** When a worker is started again, and who has too many connections. */
import { expect, test } from "bun:test";
import { Pauses } from "../../src/workers/pauses.ts";
import { POST_VARIABLE, postText, takePost } from "../../src/workers/post.ts";
import { isUneven, surplusOf } from "../../src/workers/spread.ts";

test("the first end costs no pause, those that follow soon cost more and more", () => {
  const pauses = new Pauses();
  const waits = Array.from({ length: 11 }, () => pauses.next(1_000));
  expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  expect(pauses.ends).toBe(11);
});

test("what has lived for a minute begins anew", () => {
  const pauses = new Pauses();
  expect([100, 100, 60_000, 59_999].map((lived) => pauses.next(lived))).toEqual([0, 100, 0, 100]);
});

test.each([
  [[16, 16], false],
  [[16, 17], false],
  [[14, 18], true],
  [[0, 1], false],
  [[0, 2], true],
  [[100, 110, 120], false],
  [[100, 110, 130], true],
  [[5], false],
  [[], false],
])("%p is uneven: %p", (loads, expected) => {
  expect(isUneven(loads)).toBe(expected);
});

test("what one has above its share", () => {
  expect([0, 1, 2].map((i) => surplusOf([10, 0, 3], i))).toEqual([5, 0, 0]);
  expect([0, 1].map((i) => surplusOf([8, 8], i))).toEqual([0, 0]);
});

test("a post is taken out of the environment, and a value of somebody else's says nothing", () => {
  const post = { number: 2, of: 4, supervisor: 123 };
  const environment: NodeJS.ProcessEnv = { [POST_VARIABLE]: postText(post) };
  expect(takePost(environment)).toEqual(post);
  expect(environment).toEqual({});
  expect(takePost({})).toBeUndefined();
  expect(takePost({ [POST_VARIABLE]: "2" })).toBeUndefined();
});
