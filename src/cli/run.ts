/** Picks the command. */
import type { CliContext } from "./program.ts";
import { startFlags } from "./start-flags.ts";
import { compileAsUsual, type Early, start } from "./start.ts";

/**
 * Runs the command line. APISIX starts the runner without arguments, so `start` is the default, and
 * the parser of all others is loaded for them alone.
 *
 * @param early what a start has already
 */
export async function run(
  context: CliContext,
  args: readonly string[],
  early: Early | undefined,
): Promise<void> {
  const sources = startFlags(args);
  if (sources !== undefined) {
    start({ bundled: context.bundled, ...sources, early });
  } else {
    compileAsUsual();
    const { runProgram } = await import("./program.ts");
    await runProgram(context, args);
  }
}
