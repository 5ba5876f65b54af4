/** The watchdog's thread: looks whether the serving thread turns, and replaces the process when it does not. */
import { type Orders, periodOf, type WatchSettings } from "./orders.ts";
import { Sighting } from "./sighting.ts";
import { StuckTime } from "./stuck-time.ts";

declare const self: Worker;

let orders: Orders | undefined;
let timer: Timer | undefined;

/** The first message is everything, later ones what has changed. */
self.onmessage = ({ data }: MessageEvent<Orders | Partial<WatchSettings>>) => {
  const told = orders === undefined ? (data as Orders) : { ...orders, ...data };
  orders = told;
  clearInterval(timer);
  if (told.timeout > 0) timer = watch(told);
};

function watch(told: Orders): Timer {
  const sighting = new Sighting(told.memory);
  const stuckTime = new StuckTime();
  const period = periodOf(told.timeout);
  const looking = setInterval(() => {
    const { beat } = sighting;
    const stuck = stuckTime.look(beat, period);
    // The plugin may have begun as late as a moment before the next beat was due.
    if (stuck < told.timeout + period) return;
    clearInterval(looking);
    void replace(told, sighting, stuck);
  }, period);
  return looking;
}

/** What is needed for it is loaded when it is needed: in most processes never. */
async function replace(told: Orders, sighting: Sighting, stuck: number): Promise<void> {
  const { replaceProcess } = await import("./replace.ts");
  replaceProcess(told, sighting, stuck);
}
