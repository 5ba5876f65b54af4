/**
 * One of several processes that use a store at once: `bun contender.ts URL ROUNDS`. Waits for a line on stdin, then
 * prints what it got, as JSON.
 */
import { openStores } from "./rigs.ts";

const [url = "", rounds = "0"] = process.argv.slice(2);
const stores = openStores(url);
const store = stores.for("contended");
const window = { limit: 100, window: 3_600_000, sliding: true };
await store.get("warm-up");
console.log("ready");
for await (const _ of console) break;

let taken = 0;
let added = 0;
const values: number[] = [];
for (let i = 0; i < Number(rounds); i++) {
  const [{ value }, { allowed }] = await Promise.all([
    store.increment("counter"),
    store.take("window", window),
  ]);
  values.push(value);
  if (allowed) taken++;
  // The loop that compareAndSet is for; it must not count the same number twice.
  for (;;) {
    const sum = await store.get<{ sum: number }>("sum");
    if (await store.compareAndSet("sum", sum, { sum: (sum?.sum ?? 0) + 1 })) break;
  }
  added++;
}
console.log(JSON.stringify({ values, taken, added }));
stores.close();
process.exit(0);
