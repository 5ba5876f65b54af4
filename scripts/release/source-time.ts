/** When the source of a release was made: what its files are dated by, so that they do not depend on the clock. */

/**
 * @param root the checkout
 * @returns `SOURCE_DATE_EPOCH` (seconds since 1970) where it is set, else the time of the last commit
 * @throws Error where neither says one
 */
export async function sourceTime(root: string, env: NodeJS.ProcessEnv): Promise<Date> {
  const given = env["SOURCE_DATE_EPOCH"];
  const seconds = given ?? (await lastCommit(root));
  if (/^\d+$/.test(seconds)) return new Date(Number(seconds) * 1000);
  throw new Error(
    given === undefined
      ? `${root} is no checkout of git: say in SOURCE_DATE_EPOCH how old the source is, in seconds since 1970`
      : `SOURCE_DATE_EPOCH is ${JSON.stringify(given)}; allowed: a whole number of seconds since 1970`,
  );
}

async function lastCommit(root: string): Promise<string> {
  const git = Bun.spawn(["git", "-C", root, "log", "-1", "--format=%ct"], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const [text] = await Promise.all([git.stdout.text(), git.exited]);
  return text.trim();
}
