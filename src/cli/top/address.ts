/** Where the metrics of the runner are. */
import { ConfigError } from "../../config/config.ts";
import { type MetricsAddress, metricsSource } from "../../config/metrics-address.ts";
import { Refused } from "../../config/parse.ts";
import { show } from "../../config/problems.ts";
import { environmentName } from "../../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { fail } from "../exit.ts";
import { readConfig } from "../start/config.ts";

interface Given {
  /** As `--metrics` gives it. */
  readonly metrics?: string | undefined;
  readonly configFile?: string | undefined;
}

/** Ends the process, saying what to do, where no address is known. */
export function metricsToRead({ metrics, configFile }: Given): MetricsAddress {
  if (metrics !== undefined) return parsed(metrics);
  try {
    const { config, file } = readConfig({ flags: {}, configFile });
    const { listen } = config.metrics;
    if (listen !== undefined) return listen;
    const where = file ?? "the runner's config.yaml";
    fail(
      `the runner has no metrics: set metrics.listen in ${where} (or ${environmentName("metrics.listen")}) to an address such as 127.0.0.1:9101 and restart it; a runner that has them is named with --metrics ADDRESS or --config FILE`,
    );
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message, ExitCode.usage);
    throw error;
  }
}

function parsed(text: string): MetricsAddress {
  const address = metricsSource.parse(text, { base: process.cwd() });
  if (!(address instanceof Refused)) return address;
  const reason = address.reason === undefined ? "" : ` (${address.reason})`;
  fail(`--metrics is ${show(text)}${reason}; allowed: ${metricsSource.allowed}`, ExitCode.usage);
}
