/** The executable: receives who comes, then loads what the command line asks for. */
import { libcFiles } from "../files/libc-files.ts";
import { plainSettings, plainStart } from "../reception/plain-settings.ts";
import { Reception } from "../reception/reception.ts";
import { isVacant } from "../server/handover/path.ts";
import { EarlyEvents } from "./early-events.ts";
import { ExitCode } from "./exit-code.ts";
import type { CliContext } from "./program.ts";
import type { Early } from "./start.ts";

/**
 * Runs the command line.
 *
 * A start of APISIX's whose settings are plain has its socket before anything is loaded that serves calls. Whatever is not
 * as usual there, the command finds in its own time.
 *
 * @param context what is inside the executable
 * @param args the command line without the program's own name
 */
export async function main(context: CliContext, args: readonly string[]): Promise<void> {
  const early = await receive(context, args);
  await early?.reception.isOver;
  try {
    const { run } = await import("./run.ts");
    await run(context, args, early);
  } catch (error) {
    if (early === undefined) throw error;
    // Errors are kept, this one too: it has to end the process all the same.
    console.error(error);
    process.exit(ExitCode.failure);
  }
}

async function receive(
  { bundled }: CliContext,
  args: readonly string[],
): Promise<Early | undefined> {
  let events: EarlyEvents | undefined;
  try {
    const start = plainStart(args, process.env);
    if (start === undefined) return undefined;
    const files = libcFiles();
    if (files === undefined) return undefined;
    const settings = plainSettings(start, process.execPath, files);
    if (settings === undefined || !(await isVacant(settings.socket, files))) return undefined;
    events = new EarlyEvents();
    // A plugin of a folder may have the name of one of them, and then neither is called.
    const known = settings.hasFolders ? [] : bundled;
    return { events, reception: new Reception(settings.socket, known, files) };
  } catch {
    // Such as a file that cannot be read, or a folder that is not there: the start says so.
    events?.release();
    return undefined;
  }
}
