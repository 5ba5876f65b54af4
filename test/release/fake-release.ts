/** A release whose executable is a shell script: for what install.sh does, not for what a runner does. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeArchive } from "../../scripts/release/archive.ts";
import { writeChecksums } from "../../scripts/release/checksums.ts";
import { hostTarget } from "../../scripts/release/targets.ts";
import type { TempDir } from "../support/temp-dir.ts";

export interface FakeRelease {
  /** Its folder. */
  readonly path: string;
  /** File name of the archive for this machine. */
  readonly archive: string;
}

/** @param script what the executable does */
export async function fakeRelease(
  dir: TempDir,
  { version = "1.2.3", script = "echo fake" }: { version?: string; script?: string } = {},
): Promise<FakeRelease> {
  const path = dir.file("release");
  mkdirSync(path, { recursive: true });
  const folder = `apisix-bun-runner-${version}-${hostTarget().name}`;
  const archive = `${folder}.tar.gz`;
  const texts = [
    "LICENSE",
    "THIRD-PARTY-LICENSES",
    "apisix-bun-runner.cdx.json",
    "man/apisix-bun-runner.1",
    "completions/apisix-bun-runner.bash",
    "completions/_apisix-bun-runner",
    "completions/apisix-bun-runner.fish",
  ];
  await writeArchive(
    join(path, archive),
    folder,
    [
      { path: "apisix-bun-runner", content: `#!/bin/sh\n${script}\n`, isExecutable: true },
      ...texts.map((name) => ({ path: name, content: `${name} ${version}\n` })),
    ],
    dir.file("workshop"),
    new Date(0),
  );
  await writeChecksums(path);
  return { path, archive };
}
