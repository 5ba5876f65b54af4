/** What comes before large bodies are measured. */
import { drive, type Load, type Target } from "../load.ts";
import type { Bench } from "../section.ts";

/** A call of many reads and writes is not compiled before some thousand of them. */
const CALLS = 2000;

const MEGABYTE = 2 ** 20;

/** Has the server handle calls of a kind with bodies of 1 MB until it is as fast as it gets. */
export async function warmUp(
  { tools, progress }: Bench,
  server: Target,
  load: Load,
): Promise<void> {
  progress.step("warming up for large bodies");
  await drive(tools, server, { ...load, bodySize: MEGABYTE }, { requests: CALLS });
}
