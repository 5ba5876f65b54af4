/** Which settings are not as they were. */
import { type Config, type Setting, type SettingPath, settings } from "./settings.ts";

/**
 * The settings whose values differ, in the order of the table.
 *
 * @param reload only those that a change of takes this
 */
export function changedSettings(
  before: Config,
  after: Config,
  reload: Setting["reload"],
): SettingPath[] {
  return Array.from(settings)
    .filter(([, setting]) => setting.reload === reload)
    .map(([path]) => path)
    .filter((path) => !Bun.deepEquals(valueAt(before, path), valueAt(after, path), true));
}

function valueAt(config: Config, path: SettingPath): unknown {
  return path.split(".").reduce<unknown>((value, key) => Object(value)[key], config);
}
