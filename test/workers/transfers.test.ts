/** Connections on their way to a worker: none is lost, none reaches two. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, fstatSync, openSync } from "node:fs";
import {
  descriptorPassing,
  type DescriptorPassing,
  type Received,
} from "../../src/server/handover/descriptors.ts";
import { socketPairs } from "../../src/workers/system.ts";
import { BareConnection, Transfers, type Unread } from "../../src/workers/transfers.ts";

const passing = descriptorPassing() as DescriptorPassing;
const pair = socketPairs();

let socket: number;
let workersSocket: number;
let transfers: Transfers;
let sent: number;

beforeEach(() => {
  [socket, workersSocket] = pair();
  sent = 0;
  const onSent = (): void => void sent++;
  transfers = new Transfers({ passing, socket, workersSocket, onSent });
});

afterEach(() => {
  closeSync(socket);
  closeSync(workersSocket);
});

function connection(): BareConnection {
  return new BareConnection(openSync("/dev/null", "r"));
}

function give(count: number): BareConnection[] {
  const given = Array.from({ length: count }, connection);
  for (const each of given) transfers.add(each);
  transfers.flush();
  return given;
}

/** As the worker does. */
function receiveAll(): Received[] {
  const all: Received[] = [];
  for (let got = passing.receive(workersSocket); got; got = passing.receive(workersSocket)) {
    closeSync(got.descriptor);
    all.push(got);
  }
  return all;
}

function isOpen({ descriptor }: Unread): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

test("each stays open here until it is said to have come", () => {
  const given = give(3);
  expect(receiveAll().map(({ number }) => number)).toEqual([0, 1, 2]);
  expect(given.map(isOpen)).toEqual([true, true, true]);
  transfers.taken([0, 2]);
  expect(given.map(isOpen)).toEqual([false, true, false]);
  transfers.takenUpTo(transfers.last);
  expect(given.map(isOpen)).toEqual([false, false, false]);
  expect(transfers.count).toBe(0);
  expect(sent).toBe(1);
});

test("no more than 64 are under way; the others follow", () => {
  give(100);
  const first = receiveAll();
  expect(first).toHaveLength(64);
  expect(transfers.count).toBe(100);
  transfers.taken(first.map(({ number }) => number));
  transfers.flush();
  const rest = receiveAll();
  expect(rest).toHaveLength(36);
  transfers.taken(rest.map(({ number }) => number));
  expect(transfers.count).toBe(0);
});

test("what has not been taken is taken back, and cannot reach the worker any more", () => {
  const [taken, ...left] = give(70);
  const received = passing.receive(workersSocket);
  closeSync(received!.descriptor);
  expect(transfers.takeBack()).toEqual(left);
  expect(receiveAll()).toEqual([]);
  expect(transfers.count).toBe(1);
  transfers.taken([received!.number]);
  expect(isOpen(taken!)).toBe(false);
  expect(left.every(isOpen)).toBe(true);
  for (const each of left) each.release();
});

test("what is refused comes back, once", () => {
  const [one, other] = give(2);
  receiveAll();
  expect(transfers.refused([1, 1, 5])).toEqual([other!]);
  expect(transfers.abandon()).toEqual([one!]);
  for (const each of [one!, other!]) each.release();
});

test("whose client has gone meanwhile is not sent", () => {
  transfers.add({ descriptor: -1, release: () => undefined });
  transfers.flush();
  expect(sent).toBe(0);
  expect(receiveAll()).toEqual([]);
});

test("the time of the oldest that is under way is known", () => {
  expect(transfers.unansweredSince).toBeUndefined();
  const before = performance.now();
  give(1);
  expect(transfers.unansweredSince).toBeGreaterThanOrEqual(before);
  transfers.taken([0]);
  expect(transfers.unansweredSince).toBeUndefined();
});
