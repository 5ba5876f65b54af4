/** What is made of repeated replacements. */
import { counted, type Culprit, type Hang, type History, type PluginFile } from "./bequest.ts";

/** So many replacements in this time, and the plugin is not called again on that route. */
export const MAX_HANGS = 3;
export const WITHIN_MS = 60_000;

/**
 * The history with one more replacement in it.
 *
 * @param files those that were being loaded: every image would hang in the same one, so once is enough for each
 */
export function withHang(history: History, hang: Hang, files: readonly PluginFile[] = []): History {
  const { hangs, refused, skipped: before, replacements } = counted(history, "unyielding");
  const recent = [...hangs.filter(({ at }) => hang.at - at < WITHIN_MS), hang];
  const skipped = [...before, ...files];
  const { plugin, route } = hang;
  if (plugin === undefined || route === undefined) {
    return { hangs: recent, refused, skipped, replacements };
  }
  const culprit: Culprit = { plugin, route };
  const isSame = (other: Partial<Culprit>): boolean =>
    other.plugin === plugin && other.route === route;
  const isNew = recent.filter(isSame).length >= MAX_HANGS && !refused.some(isSame);
  return {
    hangs: recent,
    refused: isNew ? [...refused, culprit] : refused,
    skipped,
    replacements,
  };
}
