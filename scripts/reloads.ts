/**
 * `bun scripts/reloads.ts`: reloads a runner under load, and tells what its clients saw.
 *
 *   --reloads N        of each kind (default 200)
 *   --load KIND        ready, waiting or bodies; default: one after the other
 *   --pause MS         between two calls of a client (default 5; 0 keeps two processors busy)
 *   --workers LIST     of one runner after the other, such as 0,2: without, then with two (default 0)
 *   --without-handover connections are closed instead of given, for comparison
 *   --executable F     default dist/apisix-bun-runner
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Load } from "./reloads/clients.ts";
import { reloadTrial } from "./reloads/trial.ts";

const { values: options } = parseArgs({
  options: {
    reloads: { type: "string", default: "200" },
    load: { type: "string" },
    pause: { type: "string", default: "5" },
    workers: { type: "string", default: "0" },
    "without-handover": { type: "boolean", default: false },
    executable: { type: "string", default: resolve(import.meta.dir, "../dist/apisix-bun-runner") },
  },
});

const LOADS: readonly Load[] = ["ready", "waiting", "bodies"];
let allWell = true;

for (const load of LOADS.filter((each) => (options.load ?? each) === each)) {
  const { log, ...result } = await reloadTrial({
    executable: options.executable,
    reloads: Number(options.reloads),
    load,
    pause: Number(options.pause),
    workers: options.workers.split(",").map(Number),
    withoutHandover: options["without-handover"],
  });
  console.log(load, result);
  if (log !== "") console.log(log);
  allWell &&= result.failed === 0 && result.wrong === 0;
}

process.exit(allWell ? 0 : 1);
