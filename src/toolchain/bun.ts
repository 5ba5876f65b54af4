/** The Bun inside the executable: started with `BUN_BE_BUN=1`, the executable is the `bun` command. */

/** The variable must not reach what a child starts in turn: an executable of ours would not be itself there. */
export const BE_BUN = "BUN_BE_BUN";

export interface BunResult {
  /** undefined: it was ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of Bun's commands to its end. */
export async function runBun(args: readonly string[], cwd: string): Promise<BunResult> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd,
    env: bunEnvironment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { code: child.exitCode ?? undefined, stdout, stderr };
}

/**
 * Puts one of Bun's commands in the place of this process, in its working directory: signals, the terminal and
 * the exit code are the command's own, and nothing stays behind.
 */
export function becomeBun(args: readonly string[]): never {
  if (process.execve === undefined) throw new Error("this Bun has no process.execve");
  return process.execve(process.execPath, [process.execPath, ...args], bunEnvironment());
}

function bunEnvironment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(inherited), [BE_BUN]: "1" };
}
