/** Lines of a plugin's source, around the one that a stack names. */
import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import type { SourceExcerpt } from "./wire.ts";

const AROUND = 4;

/**
 * @param place `/plugins/a.ts:4:9`
 * @param folders those of plugins; of other files nothing is shown
 */
export async function sourceExcerpt(
  place: string,
  folders: readonly string[],
): Promise<SourceExcerpt | undefined> {
  const [, file, at] = /^(\/.+\.[cm]?[jt]sx?):(\d+):\d+$/.exec(place) ?? [];
  if (file === undefined || !(await isWithin(file, folders))) return undefined;
  const lines = (await Bun.file(file).text()).split("\n");
  const line = Number(at);
  const first = Math.max(1, line - AROUND);
  if (line > lines.length) return undefined;
  return { file, line, first, lines: lines.slice(first - 1, line + AROUND) };
}

async function isWithin(file: string, folders: readonly string[]): Promise<boolean> {
  try {
    const real = await realpath(file);
    const roots = await Promise.all(folders.map((folder) => realpath(folder)));
    return roots.some((root) => real.startsWith(root + sep));
  } catch {
    return false;
  }
}
