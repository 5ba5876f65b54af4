/** All checks of `doctor`. */
import type { SettingSources } from "../settings.ts";
import { type Account, accountOf } from "./account.ts";
import { findAddress } from "./address.ts";
import { apisixCommandFindings } from "./apisix-command.ts";
import { type ApisixConfig, readApisixConfig } from "./apisix-config.ts";
import { apisixPluginFindings } from "./apisix-plugins.ts";
import { environmentFindings } from "./environment.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { limitFindings } from "./limits.ts";
import { pluginFindings } from "./plugins.ts";
import { readSettings } from "./settings.ts";
import { socketFindings } from "./socket.ts";
import { versionFindings } from "./versions.ts";
import { findMaster, findWorkers } from "./worker-user.ts";

export interface ExamineOptions extends SettingSources {
  /** Starts the process that loads the plugins: see {@link pluginFindings}. */
  readonly loadCommand: readonly string[];
  /** The path of APISIX's config.yaml. */
  readonly apisixConfig?: string | undefined;
  /** The name or number of the user of nginx's workers. */
  readonly workerUser?: string | undefined;
}

/** @returns at least one finding a check; a check that needs what another has not found is left out */
export async function examine(options: ExamineOptions): Promise<Finding[]> {
  const { config, findings: ofSettings } = readSettings(options);
  const { apisix, findings: ofApisix } = readApisix(options.apisixConfig);
  const workers = findWorkers(options.workerUser, apisix);
  const address = findAddress(config, apisix, options);
  return [
    ...versionFindings(apisix, config?.apisix.version),
    ...ofSettings,
    ...ofApisix,
    ...address.findings,
    ...workers.findings,
    ...(address.path === undefined
      ? []
      : await socketFindings(address.path, config, workers.accounts)),
    ...(config === undefined ? [] : environmentFindings(config, apisix)),
    ...(config === undefined ? [] : await pluginFindings(config, options.loadCommand)),
    ...limitFindings(),
  ];
}

function readApisix(path: string | undefined): {
  readonly apisix?: ApisixConfig;
  readonly findings: readonly Finding[];
} {
  if (path === undefined) return { findings: [] };
  try {
    const apisix = readApisixConfig(path);
    const findings = [
      ...apisixCommandFindings(apisix, findMaster() ?? self()),
      ...apisixPluginFindings(apisix),
    ];
    return { apisix, findings };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const { problem } = findingsOf("apisix config");
    return { findings: [problem(`${path} cannot be read: ${why}`, "name APISIX's config.yaml")] };
  }
}

/** The runner runs as nginx's master does, and this is best run as the runner is. */
function self(): Account {
  const uid = process.geteuid?.() ?? 0;
  const groups = new Set(process.getgroups?.());
  return { uid, name: accountOf(uid)?.name ?? String(uid), groups };
}
