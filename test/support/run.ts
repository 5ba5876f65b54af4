/** Runs the executable to its end. */
import { executable } from "./executable.ts";

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** With nothing in the environment but what is given. */
export async function run(
  args: readonly string[],
  { env = {}, cwd = "/" }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<RunResult> {
  const child = Bun.spawn([executable, ...args], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}
