import { expect, test } from "bun:test";
import { IdlePool, type Pooled } from "../../src/gateway/idle-pool.ts";

class Connection implements Pooled {
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  isIdle = true;
  isClosed = false;

  close(): void {
    this.isIdle = false;
    this.isClosed = true;
    this.#closed.resolve();
  }
}

const LONG = 60_000;

test("the last one used is taken first", () => {
  const pool = new IdlePool<Connection>(2, LONG);
  const [a, b] = [new Connection(), new Connection()];
  pool.put(a);
  pool.put(b);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([b, a, undefined]);
});

test("one too many closes the least recently used", () => {
  const pool = new IdlePool<Connection>(2, LONG);
  const all = [new Connection(), new Connection(), new Connection()];
  for (const connection of all) pool.put(connection);
  expect(all.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  expect(pool.length).toBe(2);
});

test("one that is of no use any more is closed and not given out", () => {
  const pool = new IdlePool<Connection>(2, LONG);
  const [a, b, c] = [new Connection(), new Connection(), new Connection()];
  pool.put(a);
  pool.put(b);
  b.isIdle = false;
  expect(pool.take()).toBe(a);
  expect(b.isClosed).toBe(true);
  c.isIdle = false;
  pool.put(c);
  expect([c.isClosed, pool.length]).toEqual([true, 0]);
});

test("one that the other side closes is forgotten", async () => {
  const pool = new IdlePool<Connection>(2, LONG);
  const a = new Connection();
  pool.put(a);
  a.close();
  await a.closed;
  expect(pool.length).toBe(0);
});

test("one that nobody takes is closed after its time", async () => {
  const pool = new IdlePool<Connection>(2, 1);
  const a = new Connection();
  pool.put(a);
  // The pool's own timers keep no process alive.
  const alive = setInterval(() => {}, LONG);
  await a.closed;
  clearInterval(alive);
  expect(pool.length).toBe(0);
});

test("a closed pool closes what it has and what comes", () => {
  const pool = new IdlePool<Connection>(2, LONG);
  const [a, b] = [new Connection(), new Connection()];
  pool.put(a);
  pool.close();
  pool.put(b);
  expect([a.isClosed, b.isClosed, pool.take()]).toEqual([true, true, undefined]);
});
