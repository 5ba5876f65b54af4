/** The executable: picks the command. */
import type { CliContext } from "./program.ts";
import { startFlags } from "./start-flags.ts";
import { compileAsUsual, start } from "./start.ts";

/**
 * Runs the command line. APISIX starts the runner without arguments, so `start` is the default, and
 * the parser of all others is loaded for them alone.
 *
 * @param context what is inside the executable
 * @param args the command line without the program's own name
 */
export async function main(context: CliContext, args: readonly string[]): Promise<void> {
  const sources = startFlags(args);
  if (sources !== undefined) {
    start({ bundled: context.bundled, ...sources });
  } else {
    compileAsUsual();
    const { runProgram } = await import("./program.ts");
    await runProgram(context, args);
  }
}
