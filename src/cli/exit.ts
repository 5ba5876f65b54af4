/** How commands end that cannot do what they are asked. */
import { writeSync } from "node:fs";
import { ExitCode } from "./exit-code.ts";

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
