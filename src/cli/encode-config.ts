/** `encode-config`: a conf as the escaped string that APISIX wants, and back. */
import { type Command, Option } from "commander";
import {
  ADMIN_URL,
  type EncodeOptions,
  EncodeUsageError,
  EXT_PLUGINS,
  FORMATS,
} from "./encode-config/usage.ts";
import type { CliContext } from "./program.ts";
import { sourcesOf, withSettings } from "./settings.ts";
import { loadedRegistry } from "./start/make-runner.ts";

const EXAMPLES = `
Examples:
  apisix-bun-runner encode-config conf.yaml
  apisix-bun-runner encode-config conf.yaml --name say --route '/get' --upstream 127.0.0.1:1980
  apisix-bun-runner encode-config conf.yaml --name say --route '/*' --format curl | sh
  apisix-bun-runner encode-config --decode route.json --format yaml`;

export function registerEncodeConfig(program: Command, { bundled }: CliContext): void {
  const command = program
    .command("encode-config")
    .description("write a plugin's conf as the escaped string, entry or route for APISIX, or back")
    .argument("[file]", "the conf, YAML or JSON; - or nothing: what is piped in")
    .option("-n, --name <plugin>", "print the entry of this plugin, its conf checked")
    .option("-r, --route <uri>", "print a route to the plugin")
    .option("-u, --upstream <host:port>", "where the route leads")
    .option("--id <id>", "the id of the route (default: APISIX gives it one)")
    .addOption(
      new Option("--phase <phase>", "when the route calls the plugin").choices([
        "request",
        "response",
      ]),
    )
    .addOption(
      new Option("--ext-plugin <plugin>", "which plugin of APISIX calls it").choices(EXT_PLUGINS),
    )
    .addOption(
      new Option("-f, --format <format>", "json, yaml for apisix.yaml, or a curl command").choices(
        FORMATS,
      ),
    )
    .option("--admin <url>", `the Admin API, for curl (default: ${ADMIN_URL})`)
    .option("-d, --decode", "print the confs of a value, an entry, a route or an Admin API answer")
    .option("--no-check", "print a conf that the plugin does not take, too")
    .addHelpText("after", EXAMPLES);
  withSettings(command, ["socket.file", "plugins.watch"]).action(
    async (file: string | undefined, options: EncodeOptions, self: Command) => {
      // A start with options comes through this file too: what reads YAML loads here.
      const { runEncodeConfig } = await import("./encode-config/run.ts");
      try {
        await runEncodeConfig(file, options, () =>
          loadedRegistry({ bundled, ...sourcesOf(options) }),
        );
      } catch (error) {
        if (!(error instanceof EncodeUsageError)) throw error;
        self.error(`error: ${error.message}`);
      }
    },
  );
}
