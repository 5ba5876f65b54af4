/** Runs a new executable once, to see that its plugins load. */
import { dirname } from "node:path";

/** ms; it takes some ten, and a plugin that never finishes loading must not hold up the build for good. */
const PATIENCE = 30_000;

interface ListedPlugin {
  readonly name: string;
  readonly problem?: string;
}

/** @returns a line for each plugin that does not load, and none if all do */
export function problemsOf(executable: string): string[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync([executable, "plugins", "--json"], {
    cwd: dirname(executable),
    // No settings from around here.
    env: {},
    timeout: PATIENCE,
  });
  const listed = parseList(stdout.toString());
  if (listed === undefined) {
    const how = exitCode === null ? `did not end within ${PATIENCE} ms` : `exits with ${exitCode}`;
    return [
      `the new executable ${how} when it is asked for its plugins: ${stderr.toString().trim()}`,
    ];
  }
  return listed.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`plugin ${name} does not load: ${problem}`],
  );
}

function parseList(text: string): ListedPlugin[] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
