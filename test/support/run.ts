/** Runs the executable to its end. */
import { executable } from "./executable.ts";

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Default: the one in dist/. */
  readonly command?: readonly string[];
}

/** With nothing in the environment but what is given. */
export async function run(
  args: readonly string[],
  { env = {}, cwd = "/", command = [executable] }: RunOptions = {},
): Promise<RunResult> {
  const child = Bun.spawn([...command, ...args], {
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
