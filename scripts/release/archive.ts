/** Makes a `.tar.gz` that depends on nothing but what is in it: no clock, no user, no order of a file system. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** A file of the archive, by the path that it has there. */
export interface ArchivedFile {
  readonly path: string;
  readonly content: string | Bun.BunFile;
  readonly isExecutable?: boolean;
}

/**
 * @param folder its one folder at the top; made in `workshop`
 * @param time of all files
 * @throws Error where tar, which must be GNU's, or gzip fails
 */
export async function writeArchive(
  outfile: string,
  folder: string,
  files: readonly ArchivedFile[],
  workshop: string,
  time: Date,
): Promise<void> {
  const dir = join(workshop, folder);
  rmSync(dir, { recursive: true, force: true });
  for (const { path, content, isExecutable = false } of files) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    await Bun.write(file, content);
    chmodSync(file, isExecutable ? 0o755 : 0o644);
  }
  const tar = Bun.spawn(
    [
      "tar",
      "--create",
      "--sort=name",
      "--format=ustar",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mode=u=rwX,go=rX",
      `--mtime=@${Math.floor(time.getTime() / 1000)}`,
      `--directory=${workshop}`,
      folder,
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const gzip = Bun.spawn(["gzip", "-9", "--no-name"], {
    stdin: tar.stdout,
    stdout: Bun.file(outfile),
    stderr: "inherit",
  });
  const codes = await Promise.all([tar.exited, gzip.exited]);
  if (codes.some((code) => code !== 0)) {
    throw new Error(
      `${outfile} could not be made: tar (GNU's) ended with ${codes.join(", gzip with ")}`,
    );
  }
}
