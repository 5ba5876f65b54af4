/** The executable: picks the command. */
import type { CliContext } from "./program.ts";
import { start } from "./start.ts";

/** ms; by then a runner listens, and has been asked for the first time. */
const SERVING_MS = 50;

/** ms; by then all has run that a start is to do at some time. */
const STARTED_MS = 500;

async function releasePages(): Promise<void> {
  const { releaseStartUpPages } = await import("../native/start-up-pages.ts");
  releaseStartUpPages();
}

/** Ends what the executable begins with: an engine that is slow to compile, since most of a start runs once. */
function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

/**
 * Runs the command line. APISIX starts the runner without arguments, so `start` is the default, and
 * the parser of all others is loaded for them alone.
 *
 * @param context what is inside the executable
 * @param args the command line without the program's own name
 */
export async function main(context: CliContext, args: readonly string[]): Promise<void> {
  const isPlainStart = args.length === 0 || (args.length === 1 && args[0] === "start");
  if (isPlainStart) {
    start({ bundled: context.bundled, flags: {} });
    setTimeout(compileAsUsual, SERVING_MS).unref();
    setTimeout(releasePages, STARTED_MS).unref();
  } else {
    compileAsUsual();
    const { runProgram } = await import("./program.ts");
    await runProgram(context, args);
  }
}
