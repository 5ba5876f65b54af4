/** The notices of other people's work that the SDK contains. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Files of a package that have to go wherever its code goes. */
export const LICENCE = /^(licen[cs]e|copying|notice)/i;

/**
 * @param sources files of the SDK's sources; those of packages count
 * @throws Error for a package that brings no text of its licence along
 */
export function noticesOf(sources: Iterable<string>): string {
  const dirs = new Set(Array.from(sources, packageDir).filter((dir) => dir !== undefined));
  const notices = [...dirs].sort().map(notice);
  return `This package contains code or type declarations of the packages below.\n${notices.join("")}`;
}

/** `…/node_modules/@a/b/src/c.js` is of `…/node_modules/@a/b`. */
function packageDir(file: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function notice(dir: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
  const texts = readdirSync(dir)
    .filter((file) => LICENCE.test(file))
    .sort()
    .map((file) => readFileSync(join(dir, file), "utf8").trim());
  if (texts.length === 0) {
    throw new Error(
      `${name} ${version} (${license}) has no licence file, which the SDK must pass on`,
    );
  }
  return `\n${"=".repeat(80)}\n${name} ${version} (${license})\n\n${texts.join("\n\n")}\n`;
}
