/** How the cost of a call grows with the work: one line for the runner, one for the floor. */
import { bodyGrowth } from "./growth/body.ts";
import { confsGrowth } from "./growth/confs.ts";
import { connectionsGrowth } from "./growth/connections.ts";
import { headersGrowth } from "./growth/headers.ts";
import { pluginsGrowth } from "./growth/plugins.ts";
import type { Bench, Found } from "../section.ts";

const PARTS = [headersGrowth, pluginsGrowth, confsGrowth, connectionsGrowth, bodyGrowth];

export async function growth(bench: Bench): Promise<Found> {
  const found: Found[] = [];
  for (const part of PARTS) found.push(await part(bench));
  return {
    figures: found.flatMap(({ figures = [] }) => figures),
    growth: found.flatMap(({ growth: lines = [] }) => lines),
    skipped: found.flatMap(({ skipped = [] }) => skipped),
  };
}
