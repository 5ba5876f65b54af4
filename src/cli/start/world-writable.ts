/** Before root believes its settings and runs its executable: whether others could have changed them. */
import { ConfigError, type LoadedConfig } from "../../config/config.ts";
import { environmentName } from "../../config/settings.ts";
import { worldWritable } from "../../config/world-writable.ts";
import type { SettingSources } from "../settings.ts";

/**
 * Does nothing for any other user: such a runner can do no more than that user.
 *
 * @throws {ConfigError} where the executable or the config file could have been changed by others
 */
export function refuseWorldWritable({ file }: LoadedConfig, { flags }: SettingSources): void {
  if (process.geteuid?.() !== 0) return;
  const problems = [process.execPath, file].flatMap((path) => {
    const who = path && worldWritable(path);
    return who
      ? `${path} is not safe to use as root: ${who}; change that, or run the runner as another user, or set ${allowUnsafe()}=true`
      : [];
  });
  if (problems.length > 0 && !isAllowed(flags)) throw new ConfigError(problems);
}

function allowUnsafe(): string {
  return environmentName("plugins.allowUnsafe");
}

/** By flag or variable alone: a file that others may write to cannot vouch for itself. */
function isAllowed(flags: SettingSources["flags"]): boolean {
  return (flags["plugins.allowUnsafe"] ?? process.env[allowUnsafe()]) === "true";
}
