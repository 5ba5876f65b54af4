/** How commands end. */
import { writeSync } from "node:fs";

export const ExitCode = { ok: 0, failure: 1, usage: 2 } as const;

/** Prints one line that says what is wrong, and ends the process. APISIX shows the line in its error.log. */
export function fail(message: string, code: number = ExitCode.failure): never {
  for (const line of message.split("\n")) writeStderr(`apisix-bun-runner: ${line}\n`);
  process.exit(code);
}

function writeStderr(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody listens: the exit code has to say it.
  }
}
