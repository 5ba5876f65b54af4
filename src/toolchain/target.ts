/** The platforms that an executable can be made for. */
import { BuildError } from "./build-error.ts";

const TARGETS = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-x64-musl",
  "linux-x64-baseline-musl",
  "linux-arm64",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-x64-baseline",
  "darwin-arm64",
] as const;

/**
 * @param text such as `linux-arm64`, with or without `bun-` before it
 * @throws BuildError where there is no such platform
 */
export function checkTarget(text: string | undefined): Bun.Build.CompileTarget | undefined {
  if (text === undefined) return undefined;
  const target = TARGETS.find((known) => known === text.replace(/^bun-/, ""));
  if (target === undefined) {
    throw new BuildError(`there is no target ${text}; there are ${TARGETS.join(", ")}`);
  }
  return `bun-${target}`;
}
