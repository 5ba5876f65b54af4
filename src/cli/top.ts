/** `top`: what a running runner does, once a second. */
import type { Command } from "commander";
import { fail } from "./exit.ts";

interface TopOptions {
  readonly metrics?: string;
  readonly config?: string;
  readonly once?: boolean;
}

const ABOUT = `
It reads the runner's metrics: metrics.listen has to be set. The address is found as start finds it, or is
given with --metrics. q or Ctrl-C ends it. Where the output is no terminal it is a line a second.`;

export function registerTop(program: Command): void {
  program
    .command("top")
    .description("show what a running runner does: rate, latency, errors by plugin, memory")
    .option("-c, --config <file>", "read the runner's settings from this file")
    .option(
      "--metrics <address>",
      "where its metrics are: 127.0.0.1:9101, or unix:/path of a socket",
    )
    .option("--once", "show the first second alone, and end")
    .addHelpText("after", ABOUT)
    .action(async ({ metrics, config, once = false }: TopOptions) => {
      const { metricsToRead } = await import("./top/address.ts");
      const { top } = await import("./top/run.ts");
      const address = metricsToRead({ metrics, configFile: config });
      try {
        await top({ address, once });
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
      process.exit();
    });
}
